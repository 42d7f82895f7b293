import * as fc from "fast-check";
import type { EventBatch, FinishReason, GenerationEvent } from "../../src/core/generation.ts";

/** What a backend may do with one choice. */
export interface Abilities {
  toolCalls: "none" | "one" | "many";
  kinds: readonly ("function" | "custom")[];
}

const pieces = fc.array(fc.string({ unit: "grapheme", minLength: 1, maxLength: 4 }), { maxLength: 4 });

/** Batches of a whole answer that keeps the event contract, cut and interleaved in any way. */
export function arbitraryBatches(choices: number, abilities: Abilities): fc.Arbitrary<EventBatch[]> {
  const answers = fc.tuple(
    ...Array.from({ length: choices }, (_, choice) => arbitraryChoice(choice, abilities)),
  );
  return fc
    .tuple(answers, fc.infiniteStream(fc.nat()), fc.infiniteStream(fc.integer({ min: 1, max: 4 })))
    .map(([queues, picks, sizes]) => cut(interleave(queues, picks), sizes));
}

function arbitraryChoice(choice: number, { toolCalls, kinds }: Abilities): fc.Arbitrary<GenerationEvent[]> {
  const most = { none: 0, one: 1, many: 3 }[toolCalls];
  const calls = fc.array(
    fc.record({ name: fc.constantFrom("f", "get_weather"), kind: fc.constantFrom(...kinds), pieces }),
    { maxLength: most },
  );
  return fc
    .record({
      reasoning: pieces,
      text: pieces,
      refusal: pieces,
      calls,
      finish: fc.constantFrom<FinishReason>("stop", "length", "tool-calls", "content-filter"),
    })
    .map((answer) => [
      ...answer.reasoning.map((text) => ({ type: "reasoning-delta" as const, choice, text })),
      ...answer.text.map((text) => ({ type: "text-delta" as const, choice, text })),
      ...answer.refusal.map((text) => ({ type: "refusal-delta" as const, choice, text })),
      ...answer.calls.flatMap(({ name, kind, pieces: texts }, index) => [
        { type: "tool-call-start" as const, choice, index, id: `call_${choice}_${index}`, name, kind },
        ...texts.map((text) => ({ type: "tool-call-delta" as const, choice, index, arguments: text })),
      ]),
      { type: "finish" as const, choice, reason: answer.finish },
    ]);
}

/** One event after the other, each of the queue that was picked. */
function interleave(queues: readonly GenerationEvent[][], picks: Iterator<number>): GenerationEvent[] {
  const left = queues.map((queue) => [...queue]);
  const events: GenerationEvent[] = [];
  for (let open = left.filter((queue) => queue.length > 0); open.length > 0;) {
    const event = open[nextOf(picks) % open.length]?.shift();
    if (event !== undefined) events.push(event);
    open = open.filter((queue) => queue.length > 0);
  }
  return events;
}

function cut(events: readonly GenerationEvent[], sizes: Iterator<number>): EventBatch[] {
  const batches: EventBatch[] = [];
  for (let start = 0; start < events.length;) {
    const size = nextOf(sizes);
    batches.push(events.slice(start, start + size));
    start += size;
  }
  return batches;
}

function nextOf(numbers: Iterator<number>): number {
  const { value } = numbers.next();
  return Number(value);
}

export async function* asStream(batches: readonly EventBatch[]): AsyncGenerator<EventBatch> {
  yield* batches;
}
