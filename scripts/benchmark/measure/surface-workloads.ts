import type { Workload } from "../load/exchange.ts";
import type { Surface } from "../load/question.ts";

const streamed = { stream: true, rpc: "stream", tokens: 128, paceMs: 0, concurrency: 64 } as const;
const asked = { stream: false, rpc: "stream", tokens: 16, paceMs: 0, concurrency: 1 } as const;

const overSurface = (surface: Surface) =>
  ({ ...streamed, name: `stream: ${surface}`, question: { model: "text", surface } }) as const;

/** One answer in each protocol. */
export const surfaceStreams = {
  chat: overSurface("chat"),
  responses: overSurface("responses"),
  messages: overSurface("messages"),
} as const satisfies Readonly<Record<Surface, Workload>>;

/** What it costs to keep a response. */
export const storing = {
  unstored: {
    ...asked,
    name: "response, not kept",
    question: { model: "text", surface: "responses", store: false },
  },
  stored: {
    ...asked,
    name: "response, kept in SQLite",
    question: { model: "text", surface: "responses", store: true },
  },
} as const satisfies Readonly<Record<string, Workload>>;

export const surfaceWorkloads: readonly Workload[] = [
  ...Object.values(surfaceStreams),
  ...Object.values(storing),
];
