import type { EventBatch, Message } from "../../../core/generation.ts";
import { AnswerRecorder } from "./answer-recorder.ts";

export interface TurnToRecord {
  /** Choices that will finish. */
  choices: number;
  /** Longest answer that is saved. */
  maxCharacters: number;
  /** Called once for a longer one, which goes on and is not saved; what it throws ends the answer. */
  tooLong: () => void;
  save: (answer: Message) => Promise<void>;
  /** Called once the turn is saved, or the reader has gone. */
  close: () => void;
}

/** Hands `events` on, and saves the turn before the batch in which the last choice finishes. */
export async function* recordTurn(
  events: AsyncIterable<EventBatch>,
  { choices, maxCharacters, tooLong, save, close }: TurnToRecord,
): AsyncGenerator<EventBatch> {
  const recorder = new AnswerRecorder(maxCharacters);
  let open = choices;
  try {
    for await (const batch of events) {
      const before = { open, isTooLong: recorder.isTooLong };
      for (const event of batch) {
        recorder.add(event);
        if (event.type === "finish") open--;
      }
      if (recorder.isTooLong && !before.isTooLong) tooLong();
      if (open === 0 && before.open > 0) {
        if (!recorder.isTooLong) await save(recorder.message());
        close();
      }
      yield batch;
    }
  } finally {
    close();
  }
}
