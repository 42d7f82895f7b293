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
    const variants = error.type === ValueErrorType.Union ? kindsOf(error.schema) : new Map<string, TSchema>();
    if (variants.size === 0) {
      const bounds = boundsOf(error.schema);
      yield { pointer, text: explain(error), ...(bounds !== undefined && { bounds }) };
      continue;
    }
    const kind = isMapping(error.value) ? error.value["kind"] : undefined;
    const meant = typeof kind === "string" ? variants.get(kind) : undefined;
    if (meant !== undefined) yield* walk(meant, error.value, pointer);
    else if (!isMapping(error.value)) yield { pointer, text: "must be a mapping with a kind" };
    else yield { pointer: `${pointer}/kind`, text: `must be one of ${[...variants.keys()].join(", ")}` };
  }
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
  const words: unknown = schema["enum"] ?? schema["anyOf"]?.map((variant: TSchema) => variant["const"]);
  if (Array.isArray(words) && words.every((word) => typeof word === "string"))
    return `one of ${words.join(", ")}`;
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

function range(minimum: number | undefined, maximum: number | undefined, unit = ""): string {
  if (minimum !== undefined && maximum !== undefined) return ` from ${minimum} to ${maximum}${unit}`;
  if (minimum !== undefined) return ` of at least ${minimum}${unit}`;
  return maximum === undefined ? "" : ` of at most ${maximum}${unit}`;
}
