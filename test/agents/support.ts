import { afterAll } from "bun:test";
import type { ToolContext } from "../../src/agents/kit/tool.ts";
import { createSchemaChecker, type SchemaChecker } from "../../src/json-schema/checker.ts";
import { memoryLog } from "../support/calls.ts";

/** What a tool is called with. */
export function toolContext(signal: AbortSignal = new AbortController().signal): ToolContext {
  return { signal, log: memoryLog(), callId: "call_1", agent: "tester", conversation: undefined };
}

/** A checker of its own for the tests of one file, ended after them. */
export function testSchemas(): SchemaChecker {
  const schemas = createSchemaChecker(memoryLog());
  afterAll(() => schemas.close());
  return schemas;
}
