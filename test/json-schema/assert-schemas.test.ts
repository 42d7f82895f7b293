import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { ServeError } from "../../src/core/error.ts";
import type { JsonRecord } from "../../src/core/json.ts";
import { assertSchemas, type GivenSchema } from "../../src/json-schema/assert-schemas.ts";
import clientSchemas from "./client-schemas.json" with { type: "json" };

const param = "response_format.json_schema.schema";

function assertOne(schema: JsonRecord, more: Partial<GivenSchema> = {}): void {
  assertSchemas([{ schema, param, isStrict: false, isChecked: true, ...more }]);
}

const taken: [string, JsonRecord][] = [
  ["nothing", {}],
  ["keywords that nobody knows", { type: "string", "x-order": 1, nullable: true, $comment: "a" }],
  ["several types", { type: ["string", "null"] }],
  ["schemas that are true or false", { properties: { a: true, b: false }, additionalProperties: true }],
  ["a tuple of draft 7", { type: "array", items: [{ type: "string" }, true] }],
  ["bounds of draft 4", { type: "number", minimum: 0, exclusiveMinimum: true }],
  ["dependencies", { dependencies: { a: ["b"], c: { type: "object" } }, dependentRequired: { a: ["b"] } }],
  ["a reference to itself", { type: "object", properties: { next: { $ref: "#" } } }],
  ["an escaped reference", { $ref: "#/$defs/a~1b%20c", $defs: { "a/b c": {} } }],
  ["a reference into an array", { anyOf: [{ $ref: "#/anyOf/1" }, { type: "string" }] }],
  ["a property called like a keyword", { properties: { required: { type: "string" }, enum: {} } }],
  ["a property of every object's names", { properties: { constructor: {}, toString: {} } }],
];
for (const [what, schema] of taken) {
  test(`${what} is taken`, () => {
    expect(() => assertOne(schema)).not.toThrow();
  });
}

const wrong: [path: string, schema: JsonRecord][] = [
  ["type", { type: "any" }],
  ["type", { type: [] }],
  ["type", { type: null }],
  ["properties", { properties: [] }],
  ["properties.age.type", { properties: { age: { type: "int" } } }],
  ["properties.age", { properties: { age: "integer" } }],
  ['properties["a b"].type', { properties: { "a b": { type: 1 } } }],
  ["required", { required: true }],
  ["required", { required: null }],
  ["required[1]", { required: ["a", 2] }],
  ["items", { items: "string" }],
  ["items[0]", { items: [1] }],
  ["enum", { enum: [] }],
  ["enum", { enum: "a" }],
  ["anyOf", { anyOf: {} }],
  ["anyOf", { anyOf: [] }],
  ["anyOf[1].minLength", { anyOf: [{}, { minLength: -1 }] }],
  ["allOf[0]", { allOf: [null] }],
  ["minimum", { minimum: "0" }],
  ["multipleOf", { multipleOf: 0 }],
  ["uniqueItems", { uniqueItems: 1 }],
  ["pattern", { pattern: 1 }],
  ["pattern", { pattern: "(" }],
  ["properties.a.pattern", { properties: { a: { pattern: "a(?=b)" } } }],
  ['patternProperties["("]', { patternProperties: { "(": {} } }],
  ["dependentRequired.a", { dependentRequired: { a: "b" } }],
  ["$defs.a.type", { $defs: { a: { type: 0 } } }],
  ["$ref", { $ref: 1 }],
  ["$ref", { $ref: "https://example.com/schema" }],
  ["$ref", { $ref: "#/$defs/missing", $defs: {} }],
  ["$ref", { $ref: "#/constructor" }],
  ["properties.a.$ref", { properties: { a: { $ref: "#/required" } }, required: ["b"] }],
  ["$ref", { $ref: "#/%" }],
];
for (const [path, schema] of wrong) {
  test(`${JSON.stringify(schema)} is refused with its path`, () => {
    expect(() => assertOne(schema)).toThrow(
      expect.objectContaining({
        status: 400,
        code: "invalid_value",
        param: path.startsWith("[") ? param + path : `${param}.${path}`,
      }),
    );
  });
}

test("arguments are an object", () => {
  expect(() => assertOne({ type: "string" }, { isObject: true })).toThrow(
    expect.objectContaining({ param: `${param}.type` }),
  );
  for (const schema of [{}, { type: "object" }, { type: ["object", "null"] }]) {
    expect(() => assertOne(schema, { isObject: true })).not.toThrow();
  }
});

test("a pattern that nothing will be checked against may look around", () => {
  expect(() => assertOne({ pattern: "a(?=b)" }, { isChecked: false })).not.toThrow();
});

describe("what the official clients make of their users' types is strict", () => {
  for (const [client, schema] of Object.entries(clientSchemas)) {
    test(client, () => {
      expect(() => assertOne(schema, { isStrict: true, isObject: true })).not.toThrow();
    });
  }
});

const closed = { type: "object", additionalProperties: false };
const inside = (schema: JsonRecord) => ({ ...closed, properties: { a: schema }, required: ["a"] });
const text = { type: "string" };

/** Values of keywords that strict schemas do not have. */
const refused: JsonRecord = {
  allOf: [{}],
  oneOf: [{}],
  not: {},
  if: {},
  dependentRequired: {},
  dependentSchemas: {},
  patternProperties: {},
  propertyNames: {},
  minProperties: 1,
  uniqueItems: true,
  contains: {},
  prefixItems: [{}],
};

const notStrict: [path: string, schema: JsonRecord][] = [
  ["type", { anyOf: [closed] }],
  ["type", { type: ["object", "null"], additionalProperties: false }],
  ["anyOf", { ...closed, anyOf: [closed] }],
  ["additionalProperties", { type: "object", properties: {} }],
  ["additionalProperties", { type: "object", properties: {}, additionalProperties: {} }],
  ["properties.b", { ...closed, properties: { a: text, b: text }, required: ["a"] }],
  ["properties.a", { ...closed, properties: { a: text } }],
  ["required[1]", { ...closed, properties: { a: text }, required: ["a", "b"] }],
  ["properties.a.additionalProperties", inside({ type: ["object", "null"], properties: {} })],
  ["properties.a.items", inside({ type: "array" })],
  ["properties.a.items.additionalProperties", inside({ type: "array", items: { type: "object" } })],
  ["properties.a", inside({})],
  ["properties.a", inside({ description: "anything" })],
  ["$defs.b.properties.c", { ...closed, $defs: { b: { ...closed, properties: { c: text } } } }],
  ...Object.entries(refused).map(([keyword, value]): [string, JsonRecord] => [
    `properties.a.${keyword}`,
    inside({ ...text, [keyword]: value }),
  ]),
];
for (const [path, schema] of notStrict) {
  test(`${JSON.stringify(schema).slice(0, 90)} is not strict, and its path is said`, () => {
    expect(() => assertOne(schema, { isStrict: true })).toThrow(
      expect.objectContaining({ status: 400, code: "invalid_value", param: `${param}.${path}` }),
    );
    expect(() => assertOne(schema)).not.toThrow();
  });
}

const wide = (count: number, schema: JsonRecord) =>
  Object.fromEntries(Array.from({ length: count }, (_, index) => [`p${index}`, schema]));
const all = (properties: JsonRecord) => ({ ...closed, properties, required: Object.keys(properties) });

test("a strict schema may not be larger than documented", () => {
  let deep: JsonRecord = text;
  for (let level = 0; level < 11; level++) deep = inside(deep);
  const values = Array.from({ length: 300 }, (_, index) => `${index}`.padEnd(60, "x"));

  for (const schema of [
    all(wide(5_001, text)),
    deep,
    inside({ enum: Array.from({ length: 1_001 }, (_, index) => index) }),
    inside({ type: "string", enum: values }),
    inside({ type: "string", const: "x".repeat(120_001) }),
  ]) {
    expect(() => assertOne(schema, { isStrict: true })).toThrow(expect.objectContaining({ status: 400 }));
    expect(() => assertOne(schema)).not.toThrow();
  }
  expect(() => assertOne(all(wide(5_000, text)), { isStrict: true })).not.toThrow();
});

test("whatever the schema is, the check ends with nothing or a refusal", () => {
  const schemas = fc.dictionary(
    fc.constantFrom("type", "properties", "items", "anyOf", "$ref", "required", "enum", "not", "a"),
    fc.jsonValue({ maxDepth: 4 }),
  );
  fc.assert(
    fc.property(schemas, fc.boolean(), (schema, isStrict) => {
      try {
        assertOne(schema, { isStrict });
      } catch (error) {
        expect(error).toBeInstanceOf(ServeError);
        expect(error).toMatchObject({ kind: "invalid_request" });
      }
    }),
    { numRuns: 2_000 },
  );
});

test("schemas nested deeper than can be looked at are refused", () => {
  let deep: JsonRecord = {};
  for (let level = 0; level < 5_000; level++) deep = { not: deep };

  expect(() => assertOne(deep)).toThrow(expect.objectContaining({ status: 400 }));
});

const parameters = (count: number) => ({
  type: "object",
  properties: Object.fromEntries(
    Array.from({ length: count }, (_, index) => [
      `property_${index}`,
      { type: "string", description: "What it is, in some words.", enum: ["a", "b"] },
    ]),
  ),
});

const tools = (count: number, isStrict: boolean): GivenSchema[] =>
  Array.from({ length: 128 }, (_, index) => ({
    schema: parameters(count),
    param: `tools[${index}].function.parameters`,
    isStrict,
    isChecked: isStrict,
    isObject: true,
  }));

describe("of many tools", () => {
  test("200 KB cost a few milliseconds", () => {
    const schemas = tools(17, false);
    expect(JSON.stringify(schemas.map(({ schema }) => schema)).length).toBeGreaterThan(200_000);
    assertSchemas(schemas);

    const startedAt = performance.now();
    assertSchemas(schemas);

    expect(performance.now() - startedAt).toBeLessThan(20);
  });

  test("more than can be looked at in good time are refused, all together", () => {
    expect(() => assertSchemas(tools(1_000, false))).toThrow(
      expect.objectContaining({ status: 400, code: "invalid_value" }),
    );
  });
});
