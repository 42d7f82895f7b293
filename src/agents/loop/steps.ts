import type { ToolCall } from "../../core/generation.ts";
import { isRecord } from "../../core/json.ts";
import type { AgentEvent } from "../kit/agent.ts";
import { cut } from "./log-calls.ts";
import type { ServerTool } from "./server-tool.ts";

/** Longest task or arguments in a step, in UTF-16 units. */
const maxShown = 1_000;

/** What a client that asks for steps is told of a call before it runs. */
export function stepOf({ name, arguments: written }: ToolCall, tool: ServerTool | undefined): AgentEvent {
  const text =
    tool?.delegate === undefined
      ? `🔧 ${name}(${cut(written, maxShown)})`
      : `→ ${tool.delegate}: ${cut(taskOf(written), maxShown)}`;
  return { type: "step", text };
}

function taskOf(written: string): string {
  try {
    const args: unknown = JSON.parse(written);
    return isRecord(args) && typeof args["task"] === "string" ? args["task"] : written;
  } catch {
    return written;
  }
}
