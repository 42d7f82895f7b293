import type { JsonSchema } from "../../../core/generation.ts";
import { createBudget } from "./budget.ts";
import { isRecord, read, readNumber, readTexts, type Keywords } from "./keywords.ts";
import type { Place, Plan } from "./place.ts";
import { toNumberPlan, toTextPlan } from "./scalars.ts";
import { variants } from "./variants.ts";

/**
 * A schema without references, alternatives and optional parts, every instance of which has one shape and a
 * bounded size, for a generator that knows neither bounds nor circles. `attempt` (from 0) takes another
 * alternative where the schema offers several; only the first trusts `default` and `examples`, and from the
 * third on the values differ, for the sake of `not`.
 * Throws when there is no such plan or it is too large.
 */
export function planInstance(schema: JsonSchema, attempt: number): Plan {
  const budget = createBudget(5_000);
  const planner: Planner = { root: schema, attempt, spend: (amount) => budget.spend(amount) };
  const plan = planValue(
    schema,
    { name: "", depth: 0, index: Math.max(0, attempt - 1), trail: new Set() },
    planner,
  );
  if (plan === undefined) throw new RangeError("No value satisfies the schema.");
  return plan;
}

interface Planner {
  root: Keywords;
  attempt: number;
  spend(amount: number): void;
}

const maxDepth = 32;
const maxDepthOfOptional = 8;

function planValue(schema: unknown, place: Place, planner: Planner): Plan | undefined {
  if (place.depth > maxDepth) return undefined;
  const context = { root: planner.root, first: planner.attempt, visit: () => planner.spend(1) };
  for (const { keywords, trail } of variants(schema, place.trail, context)) {
    const plan = planKeywords(keywords, { ...place, trail }, planner);
    if (plan !== undefined) return plan;
  }
  return undefined;
}

function planKeywords(keywords: Keywords, place: Place, planner: Planner): Plan | undefined {
  const constant = givenValue(keywords, place, planner.attempt);
  if (constant !== undefined) {
    planner.spend(JSON.stringify(constant).length / 4);
    return { const: constant };
  }
  switch (chooseType(keywords, place, planner.attempt)) {
    case "object":
      return planObject(keywords, place, planner);
    case "array":
      return planArray(keywords, place, planner);
    case "string":
      planner.spend(readNumber(keywords, "minLength", 0) / 4);
      if (read(keywords, "pattern") !== undefined) planner.spend(200);
      return toTextPlan(keywords, place);
    case "integer":
    case "number":
      return toNumberPlan(keywords, place);
    case "boolean":
      return { const: place.index % 2 === 0 };
    case "null":
      return { const: null };
    default:
      return undefined;
  }
}

/** The value that the schema itself names, if any; `default` and `examples` may be wrong, so only at first. */
function givenValue(keywords: Keywords, place: Place, attempt: number): unknown {
  const constant = read(keywords, "const");
  if (constant !== undefined) return constant;
  const choices = read(keywords, "enum");
  if (Array.isArray(choices) && choices.length > 0) {
    const useful = choices.filter((choice) => choice !== null);
    const pool: readonly unknown[] = useful.length > 0 ? useful : choices;
    return pool[(attempt + place.index) % pool.length];
  }
  if (attempt > 0) return undefined;
  const examples = read(keywords, "examples");
  if (Array.isArray(examples) && examples.length > 0)
    return examples[place.index % examples.length] ?? undefined;
  if (place.index > 0) return undefined;
  return read(keywords, "example") ?? read(keywords, "default") ?? undefined;
}

function chooseType(keywords: Keywords, place: Place, attempt: number): unknown {
  const type = read(keywords, "type");
  if (typeof type === "string") return type;
  if (Array.isArray(type)) {
    const useful = type.filter((name) => name !== "null");
    return useful.length > 0 ? useful[attempt % useful.length] : type[0];
  }
  const hint = typeHints.find(([names]) => names.some((name) => Object.hasOwn(keywords, name)));
  if (hint !== undefined) return hint[1];
  return place.depth === 0 ? "object" : "string";
}

/** Keywords that say what is meant where `type` does not. */
const typeHints: readonly (readonly [names: readonly string[], type: string])[] = [
  [["properties", "required", "additionalProperties", "patternProperties", "minProperties"], "object"],
  [["items", "prefixItems", "contains", "minItems", "uniqueItems"], "array"],
  [["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"], "number"],
];

function planObject(keywords: Keywords, place: Place, planner: Planner): Plan | undefined {
  const declared = read(keywords, "properties");
  const schemas = new Map(isRecord(declared) ? Object.entries(declared) : []);
  const required = new Set(readTexts(keywords, "required"));
  const maxProperties = readNumber(keywords, "maxProperties", Infinity);
  const other = otherProperties(keywords);

  const properties = new Map<string, Plan>();
  for (const name of required.union(schemas)) {
    const isOptional = !required.has(name);
    if (isOptional && (properties.size >= maxProperties || place.depth >= maxDepthOfOptional)) continue;
    const inner = { ...place, name, depth: place.depth + 1 };
    const plan = planValue(schemas.has(name) ? schemas.get(name) : other, inner, planner);
    if (plan !== undefined) properties.set(name, plan);
    else if (!isOptional) return undefined;
  }

  const minProperties = readNumber(keywords, "minProperties", 0);
  for (let number = 1; properties.size < minProperties; number++) {
    const name = `key${number}`;
    if (properties.has(name)) continue;
    const plan = planValue(other, { ...place, name, depth: place.depth + 1 }, planner);
    if (plan === undefined) return undefined;
    properties.set(name, plan);
  }
  return {
    type: "object",
    properties: Object.fromEntries(properties),
    required: [...properties.keys()],
    additionalProperties: false,
  };
}

/** The schema of properties that are not declared. */
function otherProperties(keywords: Keywords): unknown {
  const patterned = read(keywords, "patternProperties");
  if (isRecord(patterned)) return Object.values(patterned)[0];
  return read(keywords, "additionalProperties") ?? true;
}

function planArray(keywords: Keywords, place: Place, planner: Planner): Plan | undefined {
  const items = read(keywords, "items");
  const prefixItems = read(keywords, "prefixItems") ?? items;
  const prefix: readonly unknown[] = Array.isArray(prefixItems) ? prefixItems : [];
  const rest = Array.isArray(items) ? (read(keywords, "additionalItems") ?? true) : (items ?? true);
  const contains = read(keywords, "contains");
  const containing = contains === undefined ? 0 : readNumber(keywords, "minContains", 1);
  const minItems = Math.max(readNumber(keywords, "minItems", 0), containing);
  const length = Math.min(
    Math.max(minItems, prefix.length, rest === false ? 0 : 1),
    readNumber(keywords, "maxItems", Infinity),
  );

  const plans: Plan[] = [];
  while (plans.length < length) {
    const index = plans.length;
    const schema = index < prefix.length ? prefix[index] : rest;
    const wanted = length - index <= containing ? { allOf: [schema, contains] } : schema;
    const inner = { ...place, depth: place.depth + 1, index: place.index + index };
    const plan = planValue(wanted, inner, planner);
    if (plan === undefined && index < minItems) return undefined;
    if (plan === undefined) break;
    plans.push(plan);
  }
  return plans.length === 0
    ? { const: [] }
    : { type: "array", prefixItems: plans, items: false, minItems: plans.length, maxItems: plans.length };
}
