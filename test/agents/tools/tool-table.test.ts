import { describe, expect, test } from "bun:test";
import { createToolTable, type ToolTableOptions } from "../../../src/agents/tools/create-tool-table.ts";
import { memoryLog } from "../../support/calls.ts";
import { rejection } from "../../support/rejection.ts";
import { testSchemas } from "../support.ts";

const schemas = testSchemas();
const never = new AbortController().signal;

function table(more: Partial<ToolTableOptions> = {}) {
  return createToolTable({
    tools: {},
    mcpServers: { files: { command: "does-not-exist" } },
    schemas,
    variable: () => undefined,
    log: memoryLog(),
    ...more,
  });
}

const builtIn = ["http_request", "file_read", "json_validator", "calculator", "current_time"];

describe("The tool table", () => {
  test("names built-in tools and servers", () => {
    expect(table().names).toEqual([...builtIn, "files"]);
  });

  for (const name of builtIn) {
    test(`has ${name}, with and without configuration`, async () => {
      const [tool, ...others] = await table().resolve(name, never);

      expect(tool?.name).toBe(name);
      expect(tool?.parameters).toMatchObject({ type: "object" });
      expect(others).toEqual([]);
    });
  }

  for (const [name, expected] of [
    ["files", true],
    ["files.read", true],
    ["other", false],
    ["other.read", false],
    ["calculator.add", false],
    ["", false],
    ["constructor", false],
  ] as const) {
    test(`${expected ? "has" : "does not have"} '${name}' as far as can be told`, () => {
      expect(table().has(name)).toBe(expected);
    });
  }

  test("says what there is when it is asked for something else", async () => {
    const error = await rejection(table().resolve("web_search", never));

    expect(String(error)).toBe(
      `Error: Tool 'web_search' not found. Available: ${[...builtIn, "files"].join(", ")}`,
    );
  });

  test("does not let a server take the name of a built-in tool", () => {
    expect(() => table({ mcpServers: { calculator: { command: "x" } } })).toThrow(/mcp_servers\.calculator/);
  });

  test("closes without having started anything", async () => {
    expect(await table().close()).toBeUndefined();
  });
});
