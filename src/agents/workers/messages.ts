import { isRecord } from "../../core/json.ts";
import type { LogFields } from "../../core/log.ts";
import type {
  Agent,
  AgentContext,
  AgentEvent,
  AgentGenerateOptions,
  AgentGenerationResult,
} from "../kit/agent.ts";
import type { LoadedAgent } from "../load/loaded.ts";
import type { AgentTool, ToolContext } from "../kit/tool.ts";
import type { WireError } from "./wire-error.ts";

/** What a worker process is told. Everything is JSON. */
export type ToWorker =
  | { type: "load"; files: readonly string[] }
  | { type: "run"; run: number; agent: string; context: WireContext }
  /** Nobody reads what the run says any more; it is answered by `ended`. */
  | { type: "cancel"; run: number }
  /** So many messages of pieces have been read. */
  | { type: "taken"; run: number; count: number }
  | { type: "events"; generation: number; events: readonly AgentEvent[] }
  | { type: "generated"; generation: number; result: AgentGenerationResult }
  | { type: "generation-failed"; generation: number; error: WireError }
  | { type: "call"; call: number; generation: number; tool: number; args: unknown; context: WireToolContext }
  | { type: "cancel-call"; call: number }
  | { type: "ping" }
  | { type: "close" };

/** What a worker process says. `pieces` are flat. */
export type FromWorker =
  | { type: "started" }
  /** Of one file; top-level code that never ends keeps whatever comes afterwards from being said. */
  | { type: "loading"; file: string; state: "begun" | "done" }
  | { type: "loaded"; agents: readonly WireAgent[]; modules: readonly string[] }
  | { type: "refused"; message: string }
  | { type: "pieces"; run: number; pieces: readonly (string | AgentEvent)[] }
  | { type: "ended"; run: number; error?: WireError }
  | { type: "log"; run: number; level: LogLevel; text: string; fields?: LogFields; bound: LogFields }
  /** `whole` asks for nothing but the result, which comes after the events otherwise. */
  | { type: "generate"; run: number; generation: number; options: WireOptions; whole: boolean }
  | { type: "events-taken"; run: number; generation: number; count: number }
  | { type: "cancel-generation"; run: number; generation: number }
  | { type: "called"; run: number; call: number; result?: unknown; error?: WireError }
  /** Of code that belongs to no run. */
  | { type: "failed"; error: WireError }
  | { type: "pong" };

/** Of one run. */
export type OfRun = Extract<FromWorker, { run: number }>;

export type LogLevel = "debug" | "info" | "warn" | "error";

/** A request without what cannot be sent. */
export type WireContext = Omit<AgentContext, "agent" | "signal" | "log" | "generate">;

export type WireToolContext = Omit<ToolContext, "signal" | "log">;

/** Tools with code of the worker's are named by their place. */
export type WireOptions = Omit<AgentGenerateOptions, "tools"> & { tools?: readonly (string | WireTool)[] };

export type WireTool = Omit<AgentTool, "execute"> & { place: number };

export type WireAgent = Omit<LoadedAgent, "agent"> & { agent: Omit<Agent, "run"> };

const toWorker: ReadonlySet<unknown> = new Set<ToWorker["type"]>([
  "load",
  "run",
  "cancel",
  "taken",
  "events",
  "generated",
  "generation-failed",
  "call",
  "cancel-call",
  "ping",
  "close",
]);

const fromWorker: ReadonlySet<unknown> = new Set<FromWorker["type"]>([
  "started",
  "loading",
  "loaded",
  "refused",
  "pieces",
  "ended",
  "log",
  "generate",
  "events-taken",
  "cancel-generation",
  "called",
  "failed",
  "pong",
]);

/** Both sides are the same program; false for what is no message of it, such as what an agent file sends. */
export function isToWorker(message: unknown): message is ToWorker {
  return isRecord(message) && toWorker.has(message["type"]);
}

export function isFromWorker(message: unknown): message is FromWorker {
  return isRecord(message) && fromWorker.has(message["type"]);
}
