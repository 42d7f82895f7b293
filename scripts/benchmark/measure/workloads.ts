import type { Workload } from "../load/exchange.ts";

/** Everything that is asked of the subjects, each in one process that does nothing else meanwhile. */
export const workloads: readonly Workload[] = [
  { name: "answer, 1 caller", stream: false, rpc: "infer", tokens: 16, paceMs: 0, concurrency: 1 },
  { name: "answer, 64 callers", stream: false, rpc: "infer", tokens: 16, paceMs: 0, concurrency: 64 },
  {
    name: "answer by the stream rpc, 64 callers",
    stream: false,
    rpc: "stream",
    tokens: 16,
    paceMs: 0,
    concurrency: 64,
  },
  { name: "stream, 1 caller", stream: true, rpc: "stream", tokens: 128, paceMs: 0, concurrency: 1 },
  { name: "stream, 64 callers", stream: true, rpc: "stream", tokens: 128, paceMs: 0, concurrency: 64 },
  {
    name: "stream at 20 ms a token, 64 callers",
    stream: true,
    rpc: "stream",
    tokens: 50,
    paceMs: 20,
    concurrency: 64,
  },
];
