import { describe, expect, test } from "bun:test";
import type { Tool, ToolChoice } from "../../../src/core/generation.ts";
import { toolCallFormats } from "../../../src/text/tool-calls/formats.ts";
import { parse, shortestTimeMs } from "./parsed.ts";

const tools: readonly Tool[] = [
  {
    kind: "function",
    name: "add",
    description: "Adds.",
    parameters: { type: "object", properties: { a: {} } },
  },
  { kind: "custom", name: "note" },
];
const { hermes } = toolCallFormats;

test("list each tool as a line of JSON", () => {
  const text = hermes.instructions(tools, { mode: "auto" }, true);

  const lines = text.split("\n").filter((line) => line.startsWith('{"type":"function"'));
  expect(lines.map((line) => JSON.parse(line))).toEqual([
    {
      type: "function",
      function: { name: "add", description: "Adds.", parameters: { type: "object", properties: { a: {} } } },
    },
    {
      type: "function",
      function: {
        name: "note",
        parameters: {
          type: "object",
          properties: { input: { type: "string" } },
          required: ["input"],
          additionalProperties: false,
        },
      },
    },
  ]);
});

const choices: readonly (readonly [ToolChoice, RegExp])[] = [
  [{ mode: "auto" }, /only if that helps/],
  [{ mode: "required" }, /must call a tool/],
  [{ mode: "named", name: "note" }, /must call the tool "note"/],
  [{ mode: "allowed", required: true, names: ["add"] }, /must call a tool/],
  [{ mode: "allowed", required: false, names: ["add"] }, /only if that helps/],
];
for (const [choice, sentence] of choices) {
  test(`say what ${JSON.stringify(choice)} means`, () => {
    expect(hermes.instructions(tools, choice, true)).toMatch(sentence);
  });
}

test("list allowed tools only", () => {
  const text = hermes.instructions(tools, { mode: "allowed", required: false, names: ["add"] }, true);

  expect(text).toContain('"name":"add"');
  expect(text).not.toContain('"name":"note"');
});

test("are empty where nothing may be called", () => {
  expect(hermes.instructions(tools, { mode: "none" }, true)).toBe("");
  expect(hermes.instructions([], { mode: "auto" }, true)).toBe("");
});

test("ask for at most one call where calls are not parallel", () => {
  expect(hermes.instructions(tools, { mode: "auto" }, false)).toContain("at most one call");
  expect(hermes.instructions(tools, { mode: "auto" }, true)).not.toContain("at most one call");
});

describe("of every format", () => {
  for (const format of Object.values(toolCallFormats)) {
    test(`show ${format.name} a form that it understands`, () => {
      const form = format.instructions(tools, { mode: "auto" }, true).split("\n\n").slice(2).join("\n\n");
      const example = form
        .slice(form.indexOf("\n") + 1)
        .replaceAll("tool name", "add")
        .replaceAll("tool_name(", "add(");

      const calls = parse(format, [example.split("\n\n")[0] ?? ""]).filter((part) => Array.isArray(part));

      expect(calls[0]?.[0]).toBe("add");
      expect(JSON.parse(calls[0]?.[1] ?? "")).toMatchObject({ argument: "value" });
    });
  }
});

test("of 200 KB of schemas are made once", () => {
  const large: readonly Tool[] = Array.from({ length: 200 }, (_, index) => ({
    kind: "function",
    name: `tool_${index}`,
    parameters: { type: "object", properties: { a: { type: "string", description: "x".repeat(900) } } },
  }));
  const fresh = shortestTimeMs(5, () => hermes.instructions([...large], { mode: "auto" }, true));

  const again = shortestTimeMs(5, () => hermes.instructions(large, { mode: "auto" }, true));

  expect(hermes.instructions(large, { mode: "auto" }, true).length).toBeGreaterThan(200_000);
  expect(again).toBeLessThan(fresh);
});
