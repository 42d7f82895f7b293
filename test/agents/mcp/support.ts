import { afterAll } from "bun:test";
import { join } from "node:path";
import type { McpServersFile } from "../../../src/agents/config/tool-schema.ts";
import { createToolTable } from "../../../src/agents/tools/create-tool-table.ts";
import type { ToolTable } from "../../../src/agents/tools/table.ts";
import { memoryLog, type MemoryLog } from "../../support/calls.ts";
import { testSchemas, toolContext } from "../support.ts";

export const stdioServer = {
  command: process.execPath,
  args: [join(import.meta.dir, "../../support/mcp/stdio-server.ts")],
};

export interface McpBed {
  table: ToolTable;
  log: MemoryLog;
  /** Calls `server.tool` as an agent would. */
  call: (name: string, args?: Record<string, unknown>, signal?: AbortSignal) => Promise<unknown>;
}

/** MCP servers behind a tool table, ended after the tests of the file. */
export function mcpBed(mcpServers: McpServersFile): McpBed {
  const log = memoryLog();
  const table = createToolTable({
    tools: {},
    mcpServers,
    schemas: testSchemas(),
    variable: environment,
    log,
  });
  afterAll(() => table.close());
  return {
    table,
    log,
    async call(name, args = {}, signal = new AbortController().signal) {
      const [tool] = await table.resolve(name, signal);
      return await tool?.execute(args, toolContext(signal));
    },
  };
}

function environment(name: string): string | undefined {
  return process.env[name];
}
