import type { JsonSchema, Tool } from "../../core/generation.ts";
import type { AgentTool, ToolContext } from "../kit/tool.ts";

/** Something that runs here when the model calls it: a tool, or the work of another agent. */
export interface ServerTool {
  readonly definition: Tool;
  /** Longest run in milliseconds; absent for what keeps time itself. */
  readonly timeoutMs?: number;
  /** Calls of tools that are another agent's work are shown as such. */
  readonly delegate?: string;
  /** Its result: a text, or what becomes JSON. `args` fit the definition's parameters. */
  execute(args: unknown, context: ToolContext): unknown;
}

/** `tool`, limited to `timeoutMs` unless it says another time itself. */
export function toServerTool(tool: AgentTool, timeoutMs: number): ServerTool {
  return {
    definition: defineFunction(tool.name, tool.description, tool.parameters),
    timeoutMs: tool.timeoutMs ?? timeoutMs,
    execute: (args, context) => tool.execute(args, context),
  };
}

export function defineFunction(
  name: string,
  description: string | undefined,
  parameters: JsonSchema | undefined,
): Tool {
  return {
    kind: "function",
    name,
    ...(description !== undefined && { description }),
    ...(parameters !== undefined && { parameters }),
  };
}
