import { ServeError } from "../../core/error.ts";
import { isRecord, type JsonRecord } from "../../core/json.ts";
import type { Log } from "../../core/log.ts";
import { unlessAborted } from "../../core/unless-aborted.ts";
import type { SchemaChecker } from "../../json-schema/checker.ts";
import type { McpServerFile } from "../config/tool-schema.ts";
import type { AgentTool } from "../kit/tool.ts";
import { millisecondsOf } from "../tools/settings.ts";
import type { McpResult, McpTool } from "./connection.ts";
import { failureOf } from "./failures.ts";
import { checkableSchema } from "./input-schema.ts";
import { createLink, messageOf, unavailable } from "./link.ts";
import { toToolName } from "./tool-names.ts";
import { toToolResult } from "./tool-result.ts";

export interface McpServerOptions {
  /** Its name in the configuration. */
  id: string;
  settings: McpServerFile;
  schemas: SchemaChecker;
  variable: (name: string) => string | undefined;
  log: Log;
}

/** A server of tools. Nothing happens before it is asked; all agents share one connection. */
export interface McpServer {
  /** Its tools by the server's own names. Rejects with `unavailable` (`tool_server_unavailable`). */
  tools(signal: AbortSignal): Promise<ReadonlyMap<string, AgentTool>>;
  close(): Promise<void>;
}

const standardTimeoutMs = 60_000;
/** Some are downloaded when they are started. */
const leastStartMs = 60_000;

/** A connection that is over is made anew by the next call. */
export function createMcpServer(options: McpServerOptions): McpServer {
  const { id, settings, schemas } = options;
  const log = options.log.child({ mcp_server: id });
  const timeoutMs = millisecondsOf(settings.timeout, standardTimeoutMs);
  const startMs = Math.max(timeoutMs, leastStartMs);
  const link = createLink({ ...options, log, timeoutMs, startMs });
  let listed: Promise<ReadonlyMap<string, AgentTool>> | undefined;
  link.onOutdated(() => {
    listed = undefined;
  });

  const list = async (): Promise<ReadonlyMap<string, AgentTool>> => {
    const signal = AbortSignal.timeout(startMs * 2);
    try {
      const tools = await link.ask(signal, (connection) => connection.list(signal));
      const made = tools.map(async (tool) => [tool.name, await toTool(tool)] as const);
      return new Map(await Promise.all(made));
    } catch (error) {
      throw error instanceof ServeError ? error : unavailable(id, error);
    }
  };

  const toTool = async (tool: McpTool): Promise<AgentTool> => ({
    name: toToolName(id, tool.name),
    ...(await checkableSchema(tool, schemas, log)),
    // The call keeps time itself, so that the server is told.
    timeoutMs: timeoutMs + 1_000,
    execute: async (args, { signal }) =>
      toToolResult(await call(tool.name, isRecord(args) ? args : {}, signal)),
  });

  const call = async (name: string, args: JsonRecord, signal: AbortSignal): Promise<McpResult> => {
    try {
      return await link.ask(signal, (connection) => connection.call(name, args, signal));
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof ServeError) throw error;
      const failure = failureOf(error);
      if (failure === "protocol") throw error;
      if (failure === "late") throw new Error(`No answer within ${timeoutMs / 1_000} s.`, { cause: error });
      log.warn("A call of a tool of an MCP server failed", { tool: name, error: messageOf(error) });
      throw unavailable(id, error);
    }
  };

  return {
    async tools(signal) {
      const current = (listed ??= list());
      current.catch(() => {
        if (listed === current) listed = undefined;
      });
      return await unlessAborted(current, signal);
    },
    close: () => link.close(),
  };
}
