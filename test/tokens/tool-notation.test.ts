import { expect, test } from "bun:test";
import type { JsonSchema, Tool } from "../../src/core/generation.ts";
import { toToolNotation } from "../../src/tokens/tool-notation.ts";
import { longestTurnMs, maxTurnMs } from "../support/event-loop.ts";

const wholeNotation = (tools: readonly Tool[]): string => {
  const { text, isWhole } = toToolNotation(tools, 1_000_000);
  expect(isWhole).toBe(true);
  return text;
};
const withParameters = (parameters: JsonSchema): Tool => ({ kind: "function", name: "f", parameters });

test("descriptions, optional and listed values have their place", () => {
  const tool: Tool = {
    kind: "function",
    name: "get_current_weather",
    description: "Get the current weather in a given location",
    parameters: {
      type: "object",
      properties: {
        location: { type: "string", description: "The city" },
        unit: { type: "string", enum: ["celsius", "fahrenheit"] },
      },
      required: ["location"],
    },
  };

  const notation = wholeNotation([tool]);

  expect(notation).toBe(`namespace functions {

// Get the current weather in a given location
type get_current_weather = (_: {
// The city
location: string,
unit?: "celsius" | "fahrenheit",
}) => any;

} // namespace functions`);
});

const types: readonly (readonly [string, unknown, string])[] = [
  ["an integer", { type: "integer" }, "number"],
  ["numbers by list", { type: "number", enum: [1, 2] }, "1 | 2"],
  ["a constant", { const: "x" }, '"x"'],
  ["a list", { type: "array", items: { type: "boolean" } }, "boolean[]"],
  ["a list of anything", { type: "array" }, "any[]"],
  ["several types, each once", { type: ["string", "null", "string"] }, "string | null"],
  ["alternatives", { anyOf: [{ type: "string" }, { type: "integer" }] }, "string | number"],
  ["an object without properties", { type: "object" }, "object"],
  ["a listed object", { enum: [{ a: 1 }, null] }, "any | null"],
  ["a text that has to be escaped", { const: '"\n' }, '"\\"\\n"'],
  ["a reference", { $ref: "#/x" }, "any"],
  ["true", true, "any"],
  [
    "a nested object, whose descriptions are left out",
    { type: "object", properties: { deep: { type: "null", description: "unseen" } } },
    "{\n  deep?: null,\n}",
  ],
];

for (const [name, schema, type] of types) {
  test(`the type of ${name}`, () => {
    const notation = wholeNotation([withParameters({ type: "object", properties: { p: schema } })]);

    expect(notation).toContain(`(_: {\np?: ${type},\n}) => any;`);
  });
}

test("a function without parameters takes nothing, a custom tool takes text", () => {
  const notation = wholeNotation([withParameters({}), { kind: "custom", name: "shell" }]);

  expect(notation).toContain("type f = () => any;\n\ntype shell = (_: string) => any;\n");
});

test("a schema made to multiply is rendered in proportion to its size", () => {
  let schema: JsonSchema = { type: "string" };
  for (let depth = 0; depth < 100; depth++) {
    schema = { type: ["object", "object", "array"], properties: { p: schema }, items: { type: "string" } };
  }

  expect(wholeNotation([withParameters(schema)]).length).toBeLessThan(10_000);
});

const repeated = (length: number, part: unknown): readonly unknown[] => Array.from({ length }, () => part);
const named = (count: number, part: unknown): JsonSchema =>
  Object.fromEntries(Array.from({ length: count }, (_, index) => [`p${index}`, part]));
const property = (schema: JsonSchema): readonly Tool[] => [
  withParameters({ type: "object", properties: { p: schema } }),
];

const endless: readonly (readonly [string, readonly Tool[]])[] = [
  ["tools", Array.from({ length: 200_000 }, () => withParameters({}))],
  [
    "properties",
    [withParameters({ properties: named(200, { type: "object", properties: named(200, {}) }) })],
  ],
  ["alternatives", property({ anyOf: repeated(500_000, {}) })],
  ["listed values", property({ enum: repeated(500_000, 1) })],
  ["listed texts", property({ enum: repeated(40, "\u0001".repeat(700_000)) })],
  ["types", property({ type: Array.from({ length: 500_000 }, (_, index) => `t${index}`) })],
  ["required names", [withParameters({ properties: { p: {} }, required: repeated(500_000, "p") })]],
  ["description", property({ description: "x".repeat(23_000_000) })],
];
for (const [name, tools] of endless) {
  test(`too much is left before 5 ms have passed: ${name}`, async () => {
    let isWhole = true;

    const turnMs = await longestTurnMs(20, async () => {
      ({ isWhole } = toToolNotation(tools, 1_000_000));
    });

    expect(isWhole).toBe(false);
    expect(turnMs).toBeLessThan(maxTurnMs);
  });
}
