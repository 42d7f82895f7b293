import type { Workload } from "../load/exchange.ts";

const streamed = { stream: true, rpc: "stream", tokens: 128, paceMs: 0, concurrency: 64 } as const;

/** What an agent costs beside the model below it. */
export const agentStreams = {
  model: { ...streamed, name: "stream: a model, no agent", question: { model: "text" } },
  writer: { ...streamed, name: "stream: an agent that writes by itself", question: { model: "writer" } },
  relay: { ...streamed, name: "stream: an agent that asks the model", question: { model: "relay" } },
} as const satisfies Readonly<Record<string, Workload>>;

export const agentWorkloads: readonly Workload[] = Object.values(agentStreams);

/** Files of agents that are loaded at a start. */
export const agentFileCount = 10;
