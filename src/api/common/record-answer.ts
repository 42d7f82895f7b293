import type { EventBatch, GenerationEvent } from "../../core/generation.ts";

/** Keeps an answer, or a part of it. */
export interface Keeper {
  /** Gets every event once; what it throws ends the answer. */
  add(event: GenerationEvent): void;
  /** Called once the answer is complete; a rejection takes the place of its end. */
  save(): Promise<void>;
}

export interface AnswerToRecord {
  /** Choices that will finish. */
  choices: number;
  /** Whether usage will come after them. */
  usage: boolean;
  keepers: readonly Keeper[];
  /** Called once the answer is saved, or the reader has gone. */
  close: () => void;
}

/**
 * Hands `events` on, and has them kept before the last choice's end is handed on: whoever saw it finds what was to be
 * kept. An answer that fails, or whose reader has left, is not kept.
 */
export function recordAnswer(
  events: AsyncIterable<EventBatch>,
  record: AnswerToRecord,
): AsyncIterable<EventBatch> {
  return record.keepers.length === 0 ? events : recording(events, record);
}

async function* recording(
  events: AsyncIterable<EventBatch>,
  { choices, usage, keepers, close }: AnswerToRecord,
): AsyncGenerator<EventBatch> {
  let open = choices;
  let isCounted = !usage;
  let isSaved = false;
  const held: EventBatch[] = [];
  const save = async () => {
    isSaved = true;
    await Promise.all(keepers.map((keeper) => keeper.save()));
    close();
  };
  try {
    for await (const batch of events) {
      for (const event of batch) {
        for (const keeper of keepers) keeper.add(event);
        if (event.type === "finish") open--;
        else if (event.type === "usage") isCounted = true;
      }
      if (open > 0) {
        yield batch;
        continue;
      }
      held.push(batch);
      if (!isCounted) continue;
      if (!isSaved) await save();
      yield* held.splice(0);
    }
    if (open === 0 && !isSaved) await save();
    yield* held;
  } finally {
    close();
  }
}
