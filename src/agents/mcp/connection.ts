import type { CallToolResult, Tool } from "@modelcontextprotocol/client";

export interface McpTool {
  /** As the server calls it. */
  name: string;
  description?: string;
  /** Of the arguments. */
  inputSchema: Readonly<Record<string, unknown>>;
}

export type McpResult = Pick<CallToolResult, "content" | "structuredContent" | "isError">;

/** One connection to an MCP server. */
export interface McpConnection {
  /** All pages of the list. Rejects with what the protocol says, or a failure of the connection. */
  list(signal: AbortSignal): Promise<readonly McpTool[]>;
  /** Tells the server when `signal` aborts. Rejects likewise. */
  call(name: string, args: Readonly<Record<string, unknown>>, signal: AbortSignal): Promise<McpResult>;
  /** Ends the connection, and the server where it was started for it. */
  close(): Promise<void>;
}

export interface ConnectionEvents {
  /** The list of tools is another now. */
  onChanged(): void;
  /** The connection is over, whoever ended it. */
  onClosed(): void;
}

const maxTools = 512;
const longestDescription = 16_384;
/** Of a list of tools. */
export const maxPages = 64;

/** A list of tools as far as we take it. */
export function toMcpTools(tools: readonly Tool[]): readonly McpTool[] {
  return tools.slice(0, maxTools).map(({ name, description, inputSchema }) => ({
    name,
    inputSchema,
    ...(description !== undefined && { description: description.slice(0, longestDescription) }),
  }));
}
