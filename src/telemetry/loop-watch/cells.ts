import type { LogLevel } from "../log.ts";

/** What the main thread tells the watchdog without sending anything: 32-bit integers that both see. */

/** Counts while agents are at work. */
export const beatCell = 0;
/** Counts steps. */
export const stepCell = 1;
/** One more than the index of the agent whose step runs; 0 if none does. */
export const agentCell = 2;
/** From here on: how often each agent is at work. */
export const firstAgentCell = 3;
export const maxAgents = 1_024;
export const cellCount = firstAgentCell + maxAgents;

export type WatchdogMessage =
  | { type: "start"; cells: Int32Array; format: "pretty" | "json"; level: LogLevel }
  | { type: "agent"; index: number; id: string };
