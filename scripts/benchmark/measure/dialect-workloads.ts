import type { Workload } from "../load/exchange.ts";

/** What is asked of oai-serve in front of each kind of server. */
export const dialectStream = {
  name: "stream of a dialect, 64 callers",
  stream: true,
  rpc: "stream",
  tokens: 128,
  paceMs: 0,
  concurrency: 64,
  question: { model: "bench" },
} as const satisfies Workload;
