import { setImmediate, setTimeout } from "node:timers/promises";
import type { EventBatch, GenerationEvent } from "../../core/generation.ts";

const eventsPerTurn = 32;

/**
 * `events` with `delayMs` between one delta and the next, each delta in a batch of its own; without a delay in
 * batches of 32, between which the event loop gets its turn. Throws the signal's reason as soon as it aborts.
 */
export async function* pace(
  events: readonly GenerationEvent[],
  delayMs: number,
  signal: AbortSignal,
): AsyncGenerator<EventBatch> {
  const batches = delayMs === 0 ? inTurns(events) : byDelta(events);
  for (const [index, batch] of batches.entries()) {
    if (index > 0) await pause(delayMs, signal);
    signal.throwIfAborted();
    yield batch;
  }
}

async function pause(delayMs: number, signal: AbortSignal): Promise<void> {
  if (delayMs === 0) return setImmediate();
  // The timer rejects with an error of its own; the caller throws the signal's reason.
  return setTimeout(delayMs, undefined, { signal }).catch(() => {});
}

function inTurns(events: readonly GenerationEvent[]): EventBatch[] {
  return Array.from({ length: Math.ceil(events.length / eventsPerTurn) }, (_, turn) =>
    events.slice(turn * eventsPerTurn, (turn + 1) * eventsPerTurn),
  );
}

/** Each batch ends with a delta; what follows the last one, the finish, goes with it. */
function byDelta(events: readonly GenerationEvent[]): EventBatch[] {
  const batches: GenerationEvent[][] = [];
  let isOpen = false;
  for (const event of events) {
    const batch = batches.at(-1);
    if (batch !== undefined && (isOpen || event.type === "finish")) batch.push(event);
    else batches.push([event]);
    isOpen = event.type === "tool-call-start";
  }
  return batches;
}
