import { ConfigError, ServeError } from "../../core/error.ts";
import type { Log } from "../../core/log.ts";
import type { SchemaChecker } from "../../json-schema/checker.ts";
import { notFound } from "../config/not-found.ts";
import type { McpServersFile, ToolsFile } from "../config/tool-schema.ts";
import type { AgentTool } from "../kit/tool.ts";
import { createMcpServer } from "../mcp/mcp-server.ts";
import { createBuiltInTools } from "./built-in.ts";
import type { HttpRequestOptions } from "./http-request.ts";
import type { ToolTable } from "./table.ts";

export interface ToolTableOptions {
  tools: ToolsFile;
  mcpServers: McpServersFile;
  schemas: SchemaChecker;
  /** Of the environment. */
  variable: (name: string) => string | undefined;
  log: Log;
  now?: () => Date;
  http?: HttpRequestOptions;
}

/**
 * Built-in tools, and those of MCP servers, which are asked when an agent needs them. Throws `ConfigError` for a server
 * with the name of a built-in tool.
 */
export function createToolTable(options: ToolTableOptions): ToolTable {
  const { tools, mcpServers, schemas, variable, log } = options;
  const builtIn = createBuiltInTools({ ...options, settings: tools });
  const byName = new Map(builtIn.map((tool) => [tool.name, tool]));
  const twice = Object.keys(mcpServers).find((id) => byName.has(id));
  if (twice !== undefined) {
    throw new ConfigError(`mcp_servers.${twice}: '${twice}' is the name of a built-in tool; take another.`);
  }
  const servers = new Map(
    Object.entries(mcpServers).map(([id, settings]) => [
      id,
      createMcpServer({ id, settings, schemas, log, variable }),
    ]),
  );
  const names = [...new Set([...byName.keys(), ...servers.keys()])];

  return {
    names,
    has(name) {
      return byName.has(name) || servers.has(split(name).server);
    },
    async resolve(name, signal): Promise<readonly AgentTool[]> {
      const tool = byName.get(name);
      if (tool !== undefined) return [tool];
      const { server, only } = split(name);
      const found = servers.get(server);
      if (found === undefined) {
        throw new Error(notFound("Tool", name, names));
      }
      const offered = await found.tools(signal);
      if (only === undefined) return [...offered.values()];
      const one = offered.get(only);
      if (one === undefined) throw missing(server, only, offered);
      return [one];
    },
    async close() {
      await Promise.all([...servers.values()].map((server) => server.close()));
    },
  };
}

/** `server.tool`; a tool's own name may have dots. */
function split(name: string): { server: string; only?: string } {
  const dot = name.indexOf(".");
  return dot === -1 ? { server: name } : { server: name.slice(0, dot), only: name.slice(dot + 1) };
}

function missing(server: string, tool: string, offered: ReadonlyMap<string, AgentTool>): ServeError {
  return new ServeError("unavailable", `'${server}' has no tool '${tool}'.`, {
    code: "tool_not_found",
    shouldRetry: false,
    cause: `It has: ${[...offered.keys()].join(", ")}`,
  });
}
