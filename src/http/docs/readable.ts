import { isRecord, type JsonRecord } from "../../core/json.ts";

/**
 * The same schema as people and client generators like it: what validation needs to spell out (a union of words, a
 * union with null, a record as a pattern) in JSON Schema's short forms. The schemas inside have been done.
 */
export function readable(schema: JsonRecord): JsonRecord {
  const record = shortRecord(schema);
  return Array.isArray(record["anyOf"]) ? shortUnion(record, record["anyOf"].filter(isRecord)) : record;
}

/** Objects take more fields unless they say otherwise; a record's pattern for any key says nothing. */
function shortRecord(schema: JsonRecord): JsonRecord {
  const { additionalProperties, patternProperties, ...rest } = schema;
  if (isRecord(patternProperties)) {
    const [entry, ...more] = Object.entries(patternProperties);
    if (entry === undefined || more.length > 0) return schema;
    const [pattern, value] = entry;
    return {
      ...rest,
      ...(pattern === "^(.*)$" ? {} : { propertyNames: { pattern } }),
      additionalProperties: value,
    };
  }
  return additionalProperties === undefined || additionalProperties === true
    ? rest
    : { ...rest, additionalProperties };
}

function shortUnion(schema: JsonRecord, variants: readonly JsonRecord[]): JsonRecord {
  const { anyOf: _, ...annotations } = schema;
  const flat = variants.flatMap(unwrapped);
  const isNullable = flat.some(isNull);
  const others = flat.filter((variant) => !isNull(variant));
  const words = others.map((variant) => variant["const"]);
  // What was said about the one thing that is not null is said about the field.
  const inherited = variants.find((variant) => !isNull(variant) && variant["description"] !== undefined);
  const said = {
    ...(inherited === undefined ? {} : { description: inherited["description"] }),
    ...annotations,
  };
  if (words.length > 1 && words.every((word) => typeof word === "string")) {
    return isNullable
      ? { type: ["string", "null"], enum: [...words, null], ...said }
      : { type: "string", enum: words, ...said };
  }
  const [only, ...more] = others;
  if (!isNullable) return { anyOf: others, ...said };
  if (only === undefined || more.length > 0 || typeof only["type"] !== "string" || "const" in only) {
    return { anyOf: [...others, { type: "null" }], ...said };
  }
  const values = Array.isArray(only["enum"]) ? { enum: [...only["enum"], null] } : {};
  return { ...only, ...values, type: [only["type"], "null"], ...said };
}

/** The variants of a union inside of a union. */
function unwrapped(schema: JsonRecord): readonly JsonRecord[] {
  return Array.isArray(schema["anyOf"]) ? schema["anyOf"].filter(isRecord) : [schema];
}

function isNull(schema: JsonRecord): boolean {
  return schema["type"] === "null";
}
