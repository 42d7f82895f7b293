import type { TSchema } from "@sinclair/typebox";
import { Check } from "@sinclair/typebox/value";
import { nearest } from "./nearest.ts";
import { isMapping, keyPath } from "./path.ts";
import { findProblems, type Problem } from "./problems.ts";
import { createFileSchema, type ConfigFile, type DriverSchemas } from "./schema.ts";

export interface Validation {
  /** With defaults; undefined when it does not match the schema. */
  file: ConfigFile | undefined;
  problems: readonly Problem[];
}

/**
 * Checks a parsed file against the schema and its references against each other. `textual` are the paths of values
 * that came out of `${env:NAME}`: a number or a truth value may stand there as text.
 */
export function validateFile(
  drivers: DriverSchemas,
  tree: Readonly<Record<string, unknown>>,
  textual: ReadonlySet<string>,
): Validation {
  const schema = createFileSchema(drivers);
  const value: unknown = withDefaults(schema, tree);
  if (Check(schema, value)) return { file: value, problems: referenceProblems(value) };
  for (const { segments } of findProblems(schema, value)) {
    if (textual.has(keyPath(segments))) readText(value, segments);
  }
  if (Check(schema, value)) return { file: value, problems: referenceProblems(value) };
  return { file: undefined, problems: findProblems(schema, value) };
}

/**
 * Fills in what is missing, through nested objects only: a driver applies the defaults of its own part. TypeBox's
 * own function also tries every variant of every union, which costs a start-up several milliseconds.
 */
function withDefaults(schema: TSchema, value: unknown): unknown {
  const present: unknown = value === undefined ? schema.default : value;
  const properties: Readonly<Record<string, TSchema>> | undefined = schema["properties"];
  if (!isMapping(present) || properties === undefined) return present;
  const complete: Record<string, unknown> = { ...present };
  for (const [key, property] of Object.entries(properties)) {
    const filled = withDefaults(property, Object.hasOwn(present, key) ? present[key] : undefined);
    if (filled !== undefined) complete[key] = filled;
  }
  return complete;
}

function readText(root: unknown, segments: readonly (string | number)[]): void {
  const parent = segments
    .slice(0, -1)
    .reduce<unknown>((node, key) => (isMapping(node) ? node[key] : undefined), root);
  const key = segments.at(-1);
  if (!isMapping(parent) || key === undefined) return;
  const text = parent[key];
  if (typeof text === "string" && /^(-?\d{1,15}|true|false)$/.test(text)) parent[key] = JSON.parse(text);
}

function referenceProblems(file: ConfigFile): Problem[] {
  const problems: Problem[] = [];
  const backends = Object.keys(file.backends);
  const taken = new Set(Object.keys(file.models));
  for (const [id, { backend, aliases = [] }] of Object.entries(file.models)) {
    if (!backends.includes(backend)) {
      const meant = nearest(backend, backends);
      const hint = meant === undefined ? `known are ${backends.join(", ")}` : `did you mean ${meant}?`;
      problems.push({ segments: ["models", id, "backend"], text: `there is no such backend; ${hint}` });
    }
    for (const [index, alias] of aliases.entries()) {
      if (taken.has(alias)) {
        problems.push({
          segments: ["models", id, "aliases", index],
          text: "another model has this id already",
        });
      }
      taken.add(alias);
    }
  }
  return problems;
}
