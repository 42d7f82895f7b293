import { expect, test } from "bun:test";
import type { JsonSchema, Tool } from "../../src/core/generation.ts";
import { toToolNotation } from "../../src/tokens/tool-notation.ts";

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

  const notation = toToolNotation([tool]);

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
    const notation = toToolNotation([withParameters({ type: "object", properties: { p: schema } })]);

    expect(notation).toContain(`(_: {\np?: ${type},\n}) => any;`);
  });
}

test("a function without parameters takes nothing, a custom tool takes text", () => {
  const notation = toToolNotation([withParameters({}), { kind: "custom", name: "shell" }]);

  expect(notation).toContain("type f = () => any;\n\ntype shell = (_: string) => any;\n");
});

test("a schema made to multiply is rendered in proportion to its size", () => {
  let schema: JsonSchema = { type: "string" };
  for (let depth = 0; depth < 100; depth++) {
    schema = { type: ["object", "object", "array"], properties: { p: schema }, items: { type: "string" } };
  }

  expect(toToolNotation([withParameters(schema)]).length).toBeLessThan(10_000);
});
