import { afterAll, expect, test } from "bun:test";
import { builtInTools } from "../../../src/agents/config/built-in-tools.ts";
import { createToolTable } from "../../../src/agents/tools/create-tool-table.ts";
import { createSchemaChecker } from "../../../src/json-schema/checker.ts";
import { memoryLog } from "../../support/calls.ts";

const schemas = createSchemaChecker(memoryLog());
afterAll(() => schemas.close());

test("the configuration takes the tools that are there without any configuration", () => {
  const { names } = createToolTable({
    tools: {},
    mcpServers: {},
    schemas,
    variable: () => undefined,
    log: memoryLog(),
  });

  expect(names.toSorted()).toEqual([...builtInTools]);
});
