import type { RecordKey } from "../../../store/records.ts";
import type { TurnLocks } from "./turn-locks.ts";

/** One's turn in a conversation: others wait until it is over. Ends by itself when the signal aborts. */
export interface Place {
  /**
   * Resolves with what `read` gives, once it is this one's turn. Rejects, and the turn is over, as `TurnLocks.enter` and
   * `read` do.
   */
  enter<Result>(read: () => Promise<Result>): Promise<Result>;
  /** Others are not let in before that settles. */
  hold(writing: Promise<unknown>): void;
  close: () => void;
}

export function createPlace({
  locks,
  key,
  signal,
}: {
  locks: TurnLocks;
  key: RecordKey;
  signal: AbortSignal;
}): Place {
  let leave: (() => void) | undefined;
  let isOver = false;
  /** Settles, and never rejects, once the turn is written. */
  let written: Promise<void> | undefined;

  const close = () => {
    isOver = true;
    signal.removeEventListener("abort", close);
    if (written === undefined) leave?.();
    else void written.then(leave);
  };
  return {
    async enter(read) {
      leave = await locks.enter(JSON.stringify([key.owner, key.id]), signal);
      if (isOver) leave();
      else signal.addEventListener("abort", close, { once: true });
      try {
        return await read();
      } catch (error) {
        close();
        throw error;
      }
    },
    hold(writing) {
      written = writing.then(ignore, ignore);
    },
    close,
  };
}

function ignore(): void {}
