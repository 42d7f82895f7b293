import { setImmediate, setTimeout } from "node:timers/promises";
import type { EventBatch, GenerationEvent } from "../../core/generation.ts";

// Of each choice: with many of them a turn is as much longer.
const eventsPerTurn = 8;

/**
 * `events` with `delayMs` between one delta and the next, each delta in a batch of its own; without a delay in
 * batches of 8, between which the event loop gets its turn. Throws the signal's reason as soon as it aborts.
 */
export async function* pace(
  events: Iterable<GenerationEvent>,
  delayMs: number,
  signal: AbortSignal,
): AsyncGenerator<EventBatch> {
  let isFirst = true;
  for (const batch of delayMs === 0 ? inTurns(events) : byDelta(events)) {
    if (!isFirst) await pause(delayMs, signal);
    isFirst = false;
    signal.throwIfAborted();
    yield batch;
  }
}

async function pause(delayMs: number, signal: AbortSignal): Promise<void> {
  if (delayMs === 0) return setImmediate();
  // The timer rejects with an error of its own; the caller throws the signal's reason.
  return setTimeout(delayMs, undefined, { signal }).catch(() => {});
}

function* inTurns(events: Iterable<GenerationEvent>): Generator<EventBatch> {
  let batch: GenerationEvent[] = [];
  for (const event of events) {
    batch.push(event);
    if (batch.length < eventsPerTurn) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}

/** Each batch ends with a delta; what follows the last one, the finish, goes with it. */
function* byDelta(events: Iterable<GenerationEvent>): Generator<EventBatch> {
  let batch: GenerationEvent[] = [];
  let isOpen = true;
  for (const event of events) {
    if (!isOpen && event.type !== "finish") {
      yield batch;
      batch = [];
    }
    batch.push(event);
    isOpen = event.type === "tool-call-start";
  }
  if (batch.length > 0) yield batch;
}
