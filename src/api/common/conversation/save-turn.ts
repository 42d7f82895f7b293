import { ServeError } from "../../../core/error.ts";
import type { Log } from "../../../core/log.ts";
import { within } from "../../../core/within.ts";
import { answeredAndNotKept } from "../not-kept.ts";

/** How turns that are being written are waited for. */
export interface TurnSaver {
  /** Rejects as `writing` does; a client is told not to have the work done again because it was not kept. */
  asked(writing: Promise<unknown>): Promise<void>;
  /** Who asked for no conversation is answered without one where it cannot be kept, and soon. Never rejects. */
  unasked(writing: Promise<unknown>): Promise<void>;
  /** The operator is told that an answer nobody asked to keep was not kept. */
  notKept(reason: string): void;
}

/** An answer of a conversation that nobody asked for waits no longer for the store. */
const unaskedMs = 250;

export function createTurnSaver(log: Log): TurnSaver {
  let isSlow = false;
  const notKept = (reason: string) => log.warn("A conversation was not kept", { reason });
  return {
    async asked(writing) {
      try {
        await writing;
      } catch (error) {
        throw answeredAndNotKept(
          error,
          "The answer was given, but it could not be kept in its conversation.",
        );
      }
    },
    async unasked(writing) {
      const settled = writing.then(
        () => true,
        (error: unknown) => {
          const { code, message } = ServeError.from(error);
          // The store itself tells the operator, once.
          if (code !== "store_unavailable") notKept(message);
          return true;
        },
      );
      const isInTime = await within(
        unaskedMs,
        () => settled,
        () => false,
      );
      if (!isInTime && !isSlow)
        log.warn("The store is slow: answers of new conversations do not wait for it");
      isSlow = !isInTime;
    },
    notKept,
  };
}
