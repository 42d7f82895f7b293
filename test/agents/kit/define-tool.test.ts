import { Type } from "@sinclair/typebox";
import { describe, expect, test } from "bun:test";
import { tool } from "../../../src/agents/kit/define-tool.ts";
import type { ToolContext } from "../../../src/agents/kit/tool.ts";
import { memoryLog } from "../../support/calls.ts";

const context: ToolContext = {
  signal: new AbortController().signal,
  log: memoryLog(),
  callId: "call_1",
  agent: "helper",
  conversation: undefined,
};

test("a tool of TypeBox has arguments with types, and plain JSON as its parameters", async () => {
  const weather = tool({
    name: "weather",
    description: "The weather.",
    timeoutMs: 500,
    parameters: Type.Object({ city: Type.String(), days: Type.Optional(Type.Integer({ minimum: 1 })) }),
    execute: ({ city, days = 1 }) => `${city.toUpperCase()} ${days.toFixed(0)}`,
  });

  expect(weather).toMatchObject({ name: "weather", description: "The weather.", timeoutMs: 500 });
  expect(weather.parameters).toStrictEqual({
    type: "object",
    properties: { city: { type: "string" }, days: { type: "integer", minimum: 1 } },
    required: ["city"],
  });
  expect(symbolsIn(weather.parameters)).toEqual([]);
  expect(weather.execute({ city: "Oslo" }, context)).toBe("OSLO 1");
});

test("a tool of JSON Schema has arguments of any kind", () => {
  const add = tool({
    name: "add",
    parameters: { type: "object", properties: { a: { type: "number" } }, required: ["a"] },
    execute: ({ a }) => Number(a) + 1,
  });

  expect(add.parameters).toEqual({ type: "object", properties: { a: { type: "number" } }, required: ["a"] });
  expect(add.execute({ a: 1 }, context)).toBe(2);
});

test("a tool may have no parameters, and its own `this`", () => {
  const options = {
    name: "counter",
    count: 5,
    execute() {
      return this.count;
    },
  };
  const { count, ...rest } = options;

  const counter = tool({ ...rest, execute: () => options.execute() });

  expect(counter.parameters).toBeUndefined();
  expect(counter.execute({}, context)).toBe(count);
});

const execute = () => "";

describe("a tool is refused", () => {
  const circle: Record<string, unknown> = { type: "object" };
  circle["self"] = circle;
  const table: readonly (readonly [options: unknown, message: RegExp])[] = [
    [undefined, /A tool has to be an object, not undefined/],
    [
      { execute },
      /The name of a tool has to be 1 to 64 letters, digits, underscores and dashes, not undefined/,
    ],
    [{ name: "my tool", execute }, /not 'my tool'/],
    [{ name: "é", execute }, /not 'é'/],
    [{ name: "a".repeat(65), execute }, /not 'a{65}'/],
    [{ name: "a" }, /The tool 'a' needs a function 'execute', not undefined/],
    [{ name: "a", execute: "run" }, /needs a function 'execute', not 'run'/],
    [{ name: "a", execute, description: 5 }, /description of the tool 'a' has to be a text, not 5/],
    [
      { name: "a", execute, args: {} },
      /A tool has no field 'args'. It may have: name, description, parameters/,
    ],
    [{ name: "a", execute, timeoutMs: 0 }, /timeoutMs of the tool 'a' has to be a number above 0/],
    [{ name: "a", execute, timeoutMs: Number.NaN }, /timeoutMs of the tool 'a'/],
    [{ name: "a", execute, parameters: { type: "string" } }, /have to be a schema of an object/],
    [{ name: "a", execute, parameters: { city: { type: "string" } } }, /have to be a schema of an object/],
    [{ name: "a", execute, parameters: Type.String() }, /have to be a schema of an object/],
    [{ name: "a", execute, parameters: () => {} }, /parameters of the tool 'a'/],
    [{ name: "a", execute, parameters: circle }, /The parameters of the tool 'a' are not JSON/],
    [{ name: "a", execute, parameters: { type: "object", minimum: 1n } }, /are not JSON/],
  ];
  for (const [options, message] of table) {
    test(String(message), () => {
      expect(() => Reflect.apply(tool, undefined, [options])).toThrow(message);
    });
  }
});

function symbolsIn(value: unknown): symbol[] {
  if (typeof value !== "object" || value === null) return [];
  return [...Object.getOwnPropertySymbols(value), ...Object.values(value).flatMap(symbolsIn)];
}
