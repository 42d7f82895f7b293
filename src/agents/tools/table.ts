import type { AgentTool } from "../kit/tool.ts";

/** Tools that agents may name. */
export interface ToolTable {
  /** Names of built-in and configured tools, and of MCP servers. */
  readonly names: readonly string[];
  /** Whether `name` can be resolved as far as that is known without asking anybody. */
  has(name: string): boolean;
  /**
   * The tools that `name` stands for: one; of an MCP server all, or with `server.tool` that one. Rejects with a
   * `ServeError` for a server that cannot be reached or has no such tool, and with an `Error` for an unknown name.
   */
  resolve(name: string, signal: AbortSignal): Promise<readonly AgentTool[]>;
  /** Ends the connections. */
  close(): Promise<void>;
}
