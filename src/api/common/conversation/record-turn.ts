import type { EventBatch, Message } from "../../../core/generation.ts";
import { AnswerRecorder } from "./answer-recorder.ts";

export interface TurnToRecord {
  /** Choices that will finish. */
  choices: number;
  save: (answer: Message) => Promise<void>;
  /** Called once the turn is saved, or the reader has gone. */
  close: () => void;
}

/** Hands `events` on, and saves the turn before the batch in which the last choice finishes. */
export async function* recordTurn(
  events: AsyncIterable<EventBatch>,
  { choices, save, close }: TurnToRecord,
): AsyncGenerator<EventBatch> {
  const recorder = new AnswerRecorder();
  let open = choices;
  try {
    for await (const batch of events) {
      const before = open;
      for (const event of batch) {
        recorder.add(event);
        if (event.type === "finish") open--;
      }
      if (open === 0 && before > 0) {
        await save(recorder.message());
        close();
      }
      yield batch;
    }
  } finally {
    close();
  }
}
