import { endOfPart } from "../../core/code-points.ts";
import type { ToolCall } from "../../core/generation.ts";
import { sessionOf } from "../../core/ids.ts";
import type { Log } from "../../core/log.ts";
import type { AgentEnvironment } from "../run/environment.ts";
import type { CallResult } from "./run-call.ts";

/** Longest arguments and results that are written, in UTF-16 units. */
const limits = {
  preview: { callArguments: 80, result: 100 },
  full: { callArguments: 262_144, result: 262_144 },
  off: { callArguments: 0, result: 0 },
} as const satisfies Record<AgentEnvironment["logContent"], { callArguments: number; result: number }>;

export interface CallLog {
  calls(calls: readonly ToolCall[]): void;
  /** In the order of the calls. */
  results(results: readonly CallResult[]): void;
}

/** The lines of the tool calls of one request. */
export function createCallLog(log: Log, requestId: string, content: AgentEnvironment["logContent"]): CallLog {
  const limit = limits[content];
  return {
    calls(calls) {
      log.info("🔧 Tool Calls", { session: sessionOf(requestId), count: calls.length });
      for (const [index, call] of calls.entries()) {
        const shown = content === "off" ? "" : `(${cut(call.arguments, limit.callArguments)})`;
        log.info(`  [${index + 1}] ${call.name}${shown}`);
      }
    },
    results(results) {
      for (const { ok, text } of results) {
        const shown = cut(text, limit.result);
        if (ok) log.info(content === "off" ? "  ✓ Result" : `  ✓ Result: ${shown}`);
        else log.info(content === "off" ? "  ✗ Error" : `  ✗ ${shown}`);
      }
    },
  };
}

/** The first `length` of `text`, marked where it goes on. */
export function cut(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, endOfPart(text, 0, length))}...`;
}
