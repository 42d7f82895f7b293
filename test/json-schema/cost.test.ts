import { describe, expect, test } from "bun:test";
import type { JsonRecord } from "../../src/core/json.ts";
import { costOf } from "../../src/json-schema/cost.ts";
import clientSchemas from "./client-schemas.json";

const text = { type: "string" };
const many = (count: number, of: (index: number) => unknown) =>
  Object.fromEntries(Array.from({ length: count }, (_, index) => [`p${index}`, of(index)]));

const costs: [string, JsonRecord, number][] = [
  ["a schema and a keyword are one each", text, 2],
  ["so are properties and their names in `required`", { properties: { a: text }, required: ["a"] }, 5],
  ["words about a value are free", { title: "t", description: "d", default: { a: [1, 2] } }, 1],
  ["values cost little", { enum: Array.from({ length: 640 }, (_, index) => index) }, 12],
  ["definitions that nothing refers to are free", { $defs: { a: text } }, 1],
  ["what is referred to counts with the reference", { $ref: "#/$defs/a", $defs: { a: text } }, 8],
  [
    "the same reference counts its part once",
    { $defs: { a: text }, anyOf: [{ $ref: "#/$defs/a" }, { $ref: "#/$defs/a" }] },
    11,
  ],
  ["a schema that refers to itself has an end", { properties: { a: { $ref: "#" } } }, 3],
  ["an anchor may be anything", { properties: { a: { $ref: "#name" } } }, 10],
  ["long patterns cost by their length", { pattern: "a".repeat(100) }, 54],
  ["repetitions in patterns cost more", { pattern: "a{1,1000}" }, 40],
  ["what tracks all parts doubles the cost", { allOf: [text], unevaluatedProperties: false }, 8],
];
for (const [what, schema, units] of costs) {
  test(`the cost of a schema: ${what}`, () => {
    expect(costOf(schema, Infinity, "p")).toEqual({ units });
  });
}

describe("what is too much has its path", () => {
  test("for too many properties", () => {
    const schema = { type: "object", properties: many(100, () => text) };

    expect(costOf(schema, 100, "response_format.schema").overAt).toBe(
      "response_format.schema.properties.p49",
    );
  });

  test("for a reference that brings in a large part again", () => {
    const schema = {
      properties: { large: { properties: many(50, () => text) }, a: { $ref: "#/properties/large" } },
    };

    expect(costOf(schema, 150, "p").overAt).toBe("p.properties.a.$ref");
    expect(costOf(schema, 250, "p").overAt).toBeUndefined();
  });
});

test("what clients' libraries write is far from too much", () => {
  for (const schema of Object.values<JsonRecord>(clientSchemas)) {
    expect(costOf(schema, 1_000, "p").overAt).toBeUndefined();
  }
});
