import { expect, test } from "bun:test";
import { getEventListeners } from "node:events";
import type { EventBatch, GenerationEvent } from "../../../src/core/generation.ts";
import { pace } from "../../../src/drivers/demo/pace.ts";

const start: GenerationEvent = {
  type: "tool-call-start",
  choice: 0,
  index: 0,
  id: "call_1",
  name: "f",
  kind: "function",
};
const delta: GenerationEvent = { type: "tool-call-delta", choice: 0, index: 0, arguments: "{}" };
const text: GenerationEvent = { type: "text-delta", choice: 0, text: "a", tokens: 1 };
const finish: GenerationEvent = { type: "finish", choice: 0, reason: "stop" };

test("with a delay each delta has a batch of its own, and the finish goes with the last", async () => {
  const batches = await run([text, text, start, delta, finish], 1);

  expect(batches).toEqual([[text], [text], [start, delta, finish]]);
});

test("without a delay batches are larger and hold every event in order", async () => {
  const events = [...Array.from({ length: 100 }, () => text), finish];

  const batches = await run(events, 0);

  expect(batches.length).toBeLessThan(20);
  expect(batches.flat()).toEqual(events);
});

test("without a delay the event loop has its turn between batches", async () => {
  let turns = 0;
  const immediate = () => {
    turns++;
    next = setImmediate(immediate);
  };
  let next = setImmediate(immediate);

  const batches = await run(
    Array.from({ length: 320 }, () => text),
    0,
  );
  clearImmediate(next);

  expect(turns).toBeGreaterThanOrEqual(batches.length - 1);
});

test("no listener stays on the signal", async () => {
  const { signal } = new AbortController();

  await Array.fromAsync(pace([text, text, text, finish], 1, signal));

  expect(getEventListeners(signal, "abort")).toHaveLength(0);
});

function run(events: readonly GenerationEvent[], delayMs: number): Promise<EventBatch[]> {
  return Array.fromAsync(pace(events, delayMs, new AbortController().signal));
}
