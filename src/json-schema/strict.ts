import { isRecord, type JsonRecord } from "../core/json.ts";

/** What a rule needs to know of the place of a schema. */
export interface StrictPlace {
  isRoot: boolean;
  /** Objects around it. */
  objects: number;
  /** Throws an error for the schema, or for the part of it that `steps` lead to. */
  fail(message: string, ...steps: (string | number)[]): never;
}

/** The rules of one schema with `strict: true`, which also counts across its parts. */
export interface StrictRules {
  schema(schema: JsonRecord, place: StrictPlace): void;
}

/** Keywords that the subset does not have. */
const refused: ReadonlySet<string> = new Set([
  "allOf",
  "oneOf",
  "not",
  "if",
  "then",
  "else",
  "dependencies",
  "dependentRequired",
  "dependentSchemas",
  "patternProperties",
  "propertyNames",
  "minProperties",
  "maxProperties",
  "unevaluatedProperties",
  "unevaluatedItems",
  "prefixItems",
  "additionalItems",
  "contains",
  "minContains",
  "maxContains",
  "uniqueItems",
  "$dynamicRef",
  "$recursiveRef",
]);

/** One of them says what a value is. */
const sayings = ["type", "enum", "const", "anyOf", "$ref"] as const;

const maxProperties = 5_000;
const maxObjects = 10;
const maxEnumValues = 1_000;
const largeEnumValues = 250;
const maxLargeEnumCharacters = 15_000;
const maxCharacters = 120_000;

/**
 * OpenAI's subset of JSON Schema for structured outputs, as documented
 * (https://platform.openai.com/docs/guides/structured-outputs#supported-schemas): the root is an object, every object
 * is closed and requires all of its properties, keywords of composition other than `anyOf` are not there, and all of
 * it is bounded.
 */
export function createStrictRules(): StrictRules {
  const used = { properties: 0, enumValues: 0, characters: 0 };
  return {
    schema(schema, place) {
      for (const keyword in schema) {
        if (refused.has(keyword)) place.fail("is not supported with 'strict'", keyword);
      }
      if (place.isRoot) assertRoot(schema, place);
      if (place.objects > maxObjects) place.fail(`is inside more than ${maxObjects} objects`);
      if (!sayings.some((keyword) => schema[keyword] !== undefined)) {
        place.fail("must have a 'type'");
      }
      if (isOf(schema, "object") || schema["properties"] !== undefined) assertClosed(schema, place);
      if (isOf(schema, "array") && !isRecord(schema["items"])) {
        place.fail("must be the JSON Schema of the array's items", "items");
      }
      count(schema, used, place);
    },
  };
}

function assertRoot(schema: JsonRecord, place: StrictPlace): void {
  if (schema["type"] !== "object") place.fail("must be 'object' at the root with 'strict'", "type");
  if (schema["anyOf"] !== undefined) place.fail("is not supported at the root with 'strict'", "anyOf");
}

function assertClosed(schema: JsonRecord, place: StrictPlace): void {
  if (schema["additionalProperties"] !== false) {
    place.fail("must be given and false with 'strict'", "additionalProperties");
  }
  const properties = isRecord(schema["properties"]) ? schema["properties"] : {};
  const listed: readonly unknown[] = Array.isArray(schema["required"]) ? schema["required"] : [];
  const required = new Set(listed);
  for (const name in properties) {
    if (!required.has(name)) place.fail("must be listed in 'required' with 'strict'", "properties", name);
  }
  const unknown = listed.findIndex((name) => typeof name === "string" && !Object.hasOwn(properties, name));
  if (unknown !== -1) place.fail("is not among the 'properties'", "required", unknown);
}

function count(
  schema: JsonRecord,
  used: { properties: number; enumValues: number; characters: number },
  place: StrictPlace,
): void {
  for (const keyword of ["properties", "$defs", "definitions"]) {
    for (const name in isRecord(schema[keyword]) ? schema[keyword] : {}) {
      used.characters += name.length;
      if (keyword === "properties") used.properties++;
    }
  }
  const values: readonly unknown[] = Array.isArray(schema["enum"]) ? schema["enum"] : [];
  const characters = values.reduce((sum: number, value) => sum + lengthOf(value), 0);
  used.enumValues += values.length;
  used.characters += characters + lengthOf(schema["const"]);
  if (values.length > largeEnumValues && characters > maxLargeEnumCharacters) {
    place.fail(`must have at most ${maxLargeEnumCharacters} characters in its values with 'strict'`, "enum");
  }
  if (used.properties > maxProperties) place.fail(`is one property more than ${maxProperties}`);
  if (used.enumValues > maxEnumValues) {
    place.fail(`has more values than the ${maxEnumValues} of all enums with 'strict'`, "enum");
  }
  if (used.characters > maxCharacters) {
    place.fail(`is beyond the ${maxCharacters} characters of names and values with 'strict'`);
  }
}

function isOf(schema: JsonRecord, type: string): boolean {
  const given = schema["type"];
  return given === type || (Array.isArray(given) && given.includes(type));
}

function lengthOf(value: unknown): number {
  return typeof value === "string" ? value.length : 0;
}
