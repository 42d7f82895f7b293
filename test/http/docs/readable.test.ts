import { expect, test } from "bun:test";
import { Type } from "@sinclair/typebox";
import { readable } from "../../../src/http/docs/readable.ts";
import { nullish, open, words } from "../../../src/http/schema.ts";

const variants = [
  ["words are an enumeration", words("a", "b"), { type: "string", enum: ["a", "b"] }],
  ["one word stays as it is", Type.Literal("a"), { type: "string", const: "a" }],
  [
    "a value or null has two types",
    nullish(Type.Integer({ minimum: 1, description: "How many." })),
    { type: ["integer", "null"], minimum: 1, description: "How many." },
  ],
  [
    "one word or null stays a union",
    nullish(Type.Literal("a")),
    { anyOf: [{ type: "string", const: "a" }, { type: "null" }] },
  ],
  [
    "words or null are an enumeration with null",
    Type.Union([Type.Literal("a"), Type.Literal("b"), Type.Null()], { description: "Which." }),
    { type: ["string", "null"], enum: ["a", "b", null], description: "Which." },
  ],
  [
    "a union or null is one union, described as the inner one is",
    nullish(Type.Union([Type.String(), Type.Array(Type.String())], { description: "Texts." })),
    {
      anyOf: [{ type: "string" }, { type: "array", items: { type: "string" } }, { type: "null" }],
      description: "Texts.",
    },
  ],
  ["that an object is open goes without saying", open({}), { type: "object", properties: {} }],
  [
    "that an object is closed is said",
    Type.Object({}, { additionalProperties: false }),
    { type: "object", properties: {}, additionalProperties: false },
  ],
  [
    "a record has values",
    Type.Record(Type.String(), Type.Number()),
    { type: "object", additionalProperties: { type: "number" } },
  ],
  [
    "a record's pattern is one of its names",
    Type.Record(Type.String({ pattern: "^[0-9]+$" }), Type.Number()),
    { type: "object", propertyNames: { pattern: "^[0-9]+$" }, additionalProperties: { type: "number" } },
  ],
] as const;
test.each(variants)("%s", (_, schema, expected) => {
  const written = JSON.parse(JSON.stringify(schema));

  expect(readable(written)).toEqual(expected);
});
