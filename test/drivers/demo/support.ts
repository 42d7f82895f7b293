import { expect } from "bun:test";
import type {
  CallContext,
  EventBatch,
  GenerationEvent,
  GenerationRequest,
  Message,
} from "../../../src/core/generation.ts";
import { createDemoBackend } from "../../../src/drivers/demo/backend.ts";

export function userMessage(text: string): Message {
  return { role: "user", content: [{ type: "text", text }] };
}

export function createRequest(changes: Partial<GenerationRequest> = {}): GenerationRequest {
  return {
    model: "demo",
    prompt: { kind: "messages", messages: [userMessage("Hello there")] },
    sampling: {},
    choices: 1,
    tools: [],
    toolChoice: { mode: "auto" },
    parallelToolCalls: true,
    output: { kind: "text" },
    stream: true,
    extra: {},
    ...changes,
  };
}

export function createContext(signal: AbortSignal = new AbortController().signal): CallContext {
  const log = { debug() {}, info() {}, warn() {}, error() {}, child: () => log };
  return { requestId: "req_test", signal, callers: [], log };
}

/** One for all tests: starting the thread for JSON Schemas takes longer than most of them. */
const backend = createDemoBackend({ id: "demo", delayMs: 0 });

/** All batches that the demo model without a delay answers with, checked against the event contract. */
export async function answer(changes: Partial<GenerationRequest>): Promise<EventBatch[]> {
  const batches = await Array.fromAsync(backend.generate(createRequest(changes), createContext()));
  assertContract(batches);
  return batches;
}

/** The event contract as far as a backend with one choice and no usage can break it. */
function assertContract(batches: readonly EventBatch[]): void {
  expect(batches.every((batch) => batch.length > 0)).toBe(true);
  const events = batches.flat();
  expect(events.map(({ type }) => type).indexOf("finish")).toBe(events.length - 1);
  const calls = events.filter((event) => event.type === "tool-call-start");
  expect(calls.map(({ index }) => index)).toEqual(calls.keys().toArray());
  let open = -1;
  for (const event of events) {
    if (event.type === "tool-call-start") open = event.index;
    if (event.type === "tool-call-delta") expect(event.index).toBe(open);
    expect(choiceOf(event)).toBe(0);
  }
}

function choiceOf(event: GenerationEvent): number | undefined {
  return "choice" in event ? event.choice : undefined;
}
