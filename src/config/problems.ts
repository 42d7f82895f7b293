import type { TSchema } from "@sinclair/typebox";
import { Errors, ValueErrorType, type ValueError } from "@sinclair/typebox/errors";
import { nearest } from "./nearest.ts";
import { isMapping, pointerSegments } from "./path.ts";

/** Something wrong in the configuration: where, and what would be right. Never holds the value itself. */
export interface Problem {
  segments: readonly (string | number)[];
  text: string;
  /** Where an integer belongs: the least and the greatest. */
  bounds?: Bounds;
}

export interface Bounds {
  minimum: number;
  maximum: number;
}

/** All that keeps `value` from matching `schema`, at most one problem for each place. */
export function findProblems(schema: TSchema, value: unknown): Problem[] {
  const found = new Map<string, Problem>();
  for (const { pointer, ...rest } of walk(schema, value, "")) {
    if (!found.has(pointer)) found.set(pointer, { segments: pointerSegments(pointer, value), ...rest });
  }
  return [...found.values()];
}

interface Finding extends Omit<Problem, "segments"> {
  /** JSON Pointer. */
  pointer: string;
}

function* walk(schema: TSchema, value: unknown, base: string): Generator<Finding> {
  for (const error of Errors(schema, value)) {
    const pointer = base + error.path;
    const isUnion = error.type === ValueErrorType.Union;
    const shaped = isUnion ? likelyVariant(error.schema, error.value) : undefined;
    const variants = isUnion ? kindsOf(error.schema) : new Map<string, TSchema>();
    if (variants.size === 0 && shaped !== undefined) yield* walk(shaped, error.value, pointer);
    else if (variants.size === 0) {
      const bounds = boundsOf(error.schema);
      yield { pointer, text: explain(error), ...(bounds !== undefined && { bounds }) };
    } else yield* walkKinds(variants, error.value, pointer);
  }
}

function* walkKinds(
  variants: ReadonlyMap<string, TSchema>,
  value: unknown,
  pointer: string,
): Generator<Finding> {
  const kind = isMapping(value) ? value["kind"] : undefined;
  const meant = typeof kind === "string" ? variants.get(kind) : undefined;
  if (meant !== undefined) yield* walk(meant, value, pointer);
  else if (!isMapping(value)) yield { pointer, text: "must be a mapping with a kind" };
  else yield { pointer: `${pointer}/kind`, text: `must be one of ${[...variants.keys()].join(", ")}` };
}

/** The variant of a union that a list or a mapping is meant to be: of several mappings the one with most of its keys. */
function likelyVariant(union: TSchema, value: unknown): TSchema | undefined {
  const variants: readonly TSchema[] = union["anyOf"] ?? [];
  if (Array.isArray(value)) return variants.find((variant) => variant["type"] === "array");
  if (!isMapping(value)) return undefined;
  const knownKeys = (variant: TSchema) =>
    Object.keys(value).filter((key) => Object.hasOwn(variant["properties"] ?? {}, key)).length;
  const mappings = variants.filter((variant) => variant["type"] === "object");
  const [best, second] = mappings.toSorted((a, b) => knownKeys(b) - knownKeys(a));
  if (best === undefined || second === undefined) return best;
  return knownKeys(best) > knownKeys(second) ? best : undefined;
}

/** The variants of a union by their literal `kind`; none when it is no such union. */
export function kindsOf(union: TSchema): Map<string, TSchema> {
  const variants: TSchema[] = union["anyOf"] ?? [union];
  return new Map(
    variants.flatMap((variant) => {
      const kind: unknown = variant["properties"]?.kind?.const;
      return typeof kind === "string" ? [[kind, variant] as const] : [];
    }),
  );
}

function boundsOf(schema: TSchema): Bounds | undefined {
  const { type, minimum, maximum } = schema;
  if (type !== "integer" || typeof minimum !== "number" || typeof maximum !== "number") return undefined;
  return { minimum, maximum };
}

function explain(error: ValueError): string {
  const { schema } = error;
  if (error.type === ValueErrorType.ObjectAdditionalProperties) {
    if (typeof schema["expectedKey"] === "string") return `the name must be ${schema["expectedKey"]}`;
    const keys = Object.keys(schema["properties"] ?? {});
    const meant = nearest(error.path.slice(error.path.lastIndexOf("/") + 1), keys);
    return meant === undefined
      ? `unknown key; known are ${keys.join(", ")}`
      : `unknown key; did you mean ${meant}?`;
  }
  if (error.type === ValueErrorType.ObjectRequiredProperty)
    return `is missing; it must be ${describe(schema)}`;
  return `must be ${describe(schema)}`;
}

/** Which values a schema takes, for a person. */
function describe(schema: TSchema): string {
  if (typeof schema["expected"] === "string") return schema["expected"];
  if (Array.isArray(schema["enum"])) return oneOf(schema["enum"]);
  if (Array.isArray(schema["anyOf"])) return describeUnion(schema["anyOf"]);
  if (schema["const"] !== undefined) return JSON.stringify(schema["const"]);
  switch (schema["type"]) {
    case "integer":
      return `an integer${range(schema["minimum"], schema["maximum"])}`;
    case "number":
      return `a number${range(schema["minimum"], schema["maximum"])}`;
    case "string":
      return `a text${range(schema["minLength"], schema["maxLength"], " characters")}`;
    case "array":
      return `a list${schema["maxItems"] === undefined ? "" : ` of at most ${schema["maxItems"]}`}`;
    case "object":
      return "a mapping";
    case "boolean":
      return "true or false";
    default:
      return schema.description ?? "another kind of value";
  }
}

function describeUnion(variants: readonly TSchema[]): string {
  const words = variants.map((variant) => variant["const"]).filter((word) => typeof word === "string");
  const others = variants.filter((variant) => typeof variant["const"] !== "string").map(describe);
  return [...(words.length > 0 ? [oneOf(words)] : []), ...new Set(others)].join(" or ");
}

function oneOf(words: readonly unknown[]): string {
  return words.length === 1 ? String(words[0]) : `one of ${words.join(", ")}`;
}

function range(minimum: number | undefined, maximum: number | undefined, unit = ""): string {
  if (minimum !== undefined && maximum !== undefined) return ` from ${minimum} to ${maximum}${unit}`;
  if (minimum !== undefined) return ` of at least ${minimum}${unit}`;
  return maximum === undefined ? "" : ` of at most ${maximum}${unit}`;
}
