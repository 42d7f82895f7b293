import { expect, test } from "bun:test";
import { Ajv2020 } from "ajv/dist/2020.js";
import * as fc from "fast-check";
import type { JsonSchema } from "../../../../src/core/generation.ts";
import { createInstance } from "../../../../src/drivers/demo/instances/instance.ts";

const examples: readonly (readonly [name: string, schema: JsonSchema, value: unknown])[] = [
  ["a schema without keywords is an object", {}, {}],
  ["a name says what to fill in", object({ departureCity: { type: "string" } }), { departureCity: "Paris" }],
  [
    "an example in the description is taken",
    object({ place: { type: "string", description: "City and state, e.g. San Francisco, CA" } }),
    { place: "San Francisco, CA" },
  ],
  [
    "an address in the description is taken whole",
    object({ to: { type: "string", description: "Whom to write to, e.g. bob@example.org." } }),
    { to: "bob@example.org" },
  ],
  ["examples come before names", object({ city: { type: "string", examples: ["Rome"] } }), { city: "Rome" }],
  ["a default is taken", object({ limit: { type: "integer", default: 10 } }), { limit: 10 }],
  ["a wrong default is not", object({ limit: { type: "integer", default: "ten" } }), { limit: 1 }],
  ["an enum gives its first value", object({ unit: { enum: ["celsius", "kelvin"] } }), { unit: "celsius" }],
  ["a nullable value is given", object({ city: { type: ["null", "string"] } }), { city: "Paris" }],
  ["a range is kept", object({ age: { type: "integer", minimum: 18, multipleOf: 5 } }), { age: 20 }],
  [
    "an open interval is kept",
    object({ n: { exclusiveMinimum: 1, exclusiveMaximum: 2 } }),
    { n: expect.closeTo(1.5) },
  ],
  [
    "a length is kept",
    object({ code: { type: "string", minLength: 20, maxLength: 20 } }),
    { code: expect.stringMatching(/^.{20}$/) },
  ],
  [
    "items differ",
    { type: "array", items: { type: "string" }, minItems: 3, uniqueItems: true },
    ["example", "example 2", "example 3"],
  ],
  ["an item is contained", { type: "array", items: { type: "integer" }, contains: { minimum: 5 } }, [5]],
  [
    "a list ends where it may",
    object({ value: { type: "integer" }, next: { anyOf: [{ $ref: "#" }, { type: "null" }] } }),
    { value: 1, next: { value: 1, next: null } },
  ],
  [
    "a tree ends with an empty array",
    {
      ...object({ node: { $ref: "#/$defs/node" } }),
      $defs: { node: object({ children: { type: "array", items: { $ref: "#/$defs/node" } } }) },
    },
    { node: { children: [] } },
  ],
  [
    "branches of allOf are joined",
    { allOf: [object({ n: { type: "number", minimum: 5 } }), { properties: { n: { maximum: 7 } } }] },
    { n: 5 },
  ],
  [
    "what not excludes is avoided",
    object({ a: { type: "string", not: { const: "example" } } }),
    { a: expect.any(String) },
  ],
  [
    "a pattern is matched",
    object({ sku: { type: "string", pattern: "^[A-Z]{3}-\\d{4}$" } }),
    { sku: expect.stringMatching(/^[A-Z]{3}-\d{4}$/) },
  ],
  [
    "two patterns are two patterns",
    object({ a: { type: "string", pattern: "^a+$" }, b: { type: "string", pattern: "^b+$" } }),
    { a: expect.stringMatching(/^a+$/), b: expect.stringMatching(/^b+$/) },
  ],
  [
    "a tuple of draft 7 is understood",
    {
      $schema: "http://json-schema.org/draft-07/schema#",
      type: "array",
      items: [{ type: "string" }, { type: "boolean" }],
      minItems: 2,
    },
    ["example", expect.any(Boolean)],
  ],
];
for (const [name, schema, value] of examples) {
  test(name, () => {
    expect(createInstance(schema)).toEqual(value);
  });
}

const formats: readonly (readonly [format: string, pattern: RegExp])[] = [
  ["date-time", /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/],
  ["date", /^\d{4}-\d\d-\d\d$/],
  ["time", /^\d\d:\d\d:\d\dZ$/],
  ["duration", /^PT\d+H$/],
  ["email", /^[a-z]+@example\.com$/],
  ["uri", /^https:\/\/example\.com\/$/],
  ["uuid", /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/],
  ["ipv4", /^(\d+\.){3}\d+$/],
  ["ipv6", /^2001:db8::1$/],
];
for (const [format, pattern] of formats) {
  test(`the format ${format} is kept`, () => {
    expect(createInstance(object({ value: { type: "string", format } }))).toEqual({
      value: expect.stringMatching(pattern),
    });
  });
}

const hostile: readonly (readonly [name: string, schema: JsonSchema])[] = [
  ["a reference to itself", { $ref: "#" }],
  ["a reference out of the document", { $ref: "https://example.com/schema.json" }],
  ["a reference to a file", { $ref: "file:///etc/passwd" }],
  ["a reference to nothing", { $ref: "#/$defs/none" }],
  ["an endless required chain", object({ next: { $ref: "#" } })],
  ["a billion items", { type: "array", minItems: 1e9, items: {} }],
  ["items of items of items", nested(6, (inner) => ({ type: "array", minItems: 50, items: inner }))],
  ["a billion characters", object({ text: { type: "string", minLength: 1e9 } })],
  ["a billion properties", { type: "object", minProperties: 1e9 }],
  ["references that double at each level", chain(25, (next) => object({ left: next, right: next }))],
  ["alternatives that double at each level", chain(25, (next) => ({ oneOf: [next, next] }), false)],
  ["a thousand levels", nested(1_000, (inner) => object({ inner }))],
  ["a pattern that backtracks", object({ text: { const: `${"a".repeat(60)}!`, pattern: "^(a+)+$" } })],
  ["a pattern of a large count", object({ text: { type: "string", pattern: "^(x{900}y{90}){9}$" } })],
  [
    "a pattern of nested repeats",
    object({ text: { type: "string", pattern: `^${"(".repeat(50)}z${"+)".repeat(50)}$` } }),
  ],
  [
    "a property that every object inherits",
    JSON.parse('{"type":"object","properties":{"__proto__":{"type":"string"}},"required":["__proto__"]}'),
  ],
  ["an asynchronous schema", { $async: true, type: "object" }],
  ["malformed keywords", { type: 5, required: "a", properties: [], minItems: "many" }],
  ["a contradiction", { allOf: [{ type: "string" }, { type: "integer" }] }],
];
for (const [name, schema] of hostile) {
  test(`${name} has no instance and takes no time`, () => {
    const startedMs = performance.now();

    const value = createInstance(schema);

    expect(value).toBeUndefined();
    expect(performance.now() - startedMs).toBeLessThan(2_000);
  });
}

test("the value of a generated schema satisfies it", () => {
  const ajv = new Ajv2020({ strict: false, ownProperties: true, addUsedSchema: false, logger: false });

  fc.assert(
    fc.property(schemas, (schema) => {
      const value = createInstance(schema);

      expect(value).toBeDefined();
      expect(ajv.validate(schema, value)).toBe(true);
    }),
    { numRuns: 200 },
  );
});

test("the same schema has the same value again", () => {
  fc.assert(
    fc.property(schemas, (schema) => {
      expect(createInstance(schema)).toEqual(createInstance(structuredClone(schema)));
    }),
    { numRuns: 50 },
  );
});

const range = (most: number) =>
  fc
    .tuple(fc.integer({ min: -most, max: most }), fc.nat(most))
    .map(([low, width]) => [low, low + width] as const);
const size = fc.tuple(fc.nat(4), fc.nat(4)).map(([low, width]) => [low, low + width] as const);
const name = fc.constantFrom("city", "name", "unit", "count", "a", "b", "toString", "é", "x y");

const { schema: anySchema } = fc.letrec<{ schema: JsonSchema; leaf: JsonSchema }>((tie) => ({
  leaf: fc.oneof(
    size.map(([minLength, maxLength]) => ({ type: "string", minLength, maxLength })),
    fc
      .uniqueArray(fc.string(), { minLength: 1, maxLength: 4 })
      .map((values) => ({ type: "string", enum: values })),
    range(1_000).map(([minimum, maximum]) => ({ type: "integer", minimum, maximum })),
    range(1_000).map(([low, high]) => ({
      type: "number",
      exclusiveMinimum: low,
      exclusiveMaximum: high + 0.5,
    })),
    fc.integer({ min: 1, max: 20 }).map((multipleOf) => ({ type: "integer", minimum: 3, multipleOf })),
    fc.constantFrom({ type: "boolean" }, { type: "null" }, { type: ["string", "null"] }, { const: 4 }),
    fc.constant({ $ref: "#/$defs/shared" }),
  ),
  schema: fc.oneof(
    { depthSize: "small" },
    tie("leaf"),
    fc
      .tuple(tie("schema"), size)
      .map(([items, [minItems, maxItems]]) => ({ type: "array", items, minItems, maxItems })),
    fc.array(tie("schema"), { minLength: 1, maxLength: 3 }).map((anyOf) => ({ anyOf })),
    fc
      .tuple(fc.dictionary(name, tie("schema"), { maxKeys: 4 }), fc.boolean(), fc.boolean())
      .map(([properties, isRequired, additionalProperties]) => ({
        type: "object",
        properties,
        required: isRequired ? Object.keys(properties) : [],
        additionalProperties,
      })),
  ),
}));

const schemas = fc.tuple(anySchema, anySchema).map(([root, inner]) => ({
  type: "object",
  properties: { root },
  required: ["root"],
  additionalProperties: false,
  $defs: {
    shared: { type: "object", properties: { again: { $ref: "#/$defs/shared" }, value: stripRefs(inner) } },
  },
}));

/** Shared definitions that only refer to themselves through optional properties always have an instance. */
function stripRefs(schema: JsonSchema): JsonSchema {
  return JSON.parse(JSON.stringify(schema).replaceAll('{"$ref":"#/$defs/shared"}', '{"type":"integer"}'));
}

function object(properties: Record<string, unknown>): JsonSchema {
  return { type: "object", properties, required: Object.keys(properties), additionalProperties: false };
}

function nested(levels: number, wrap: (inner: unknown) => JsonSchema): JsonSchema {
  let schema = wrap({});
  for (let level = 1; level < levels; level++) schema = wrap(schema);
  return schema;
}

/** Each level refers to the next one, as often as `wrap` says; the last one is `end`. */
function chain(
  levels: number,
  wrap: (next: unknown) => JsonSchema,
  end: unknown = { type: "string" },
): JsonSchema {
  const definitions = Array.from({ length: levels }, (_, level) => {
    const next = level + 1 < levels ? { $ref: `#/$defs/level${level + 1}` } : end;
    return [`level${level}`, wrap(next)] as const;
  });
  return { ...object({ root: { $ref: "#/$defs/level0" } }), $defs: Object.fromEntries(definitions) };
}
