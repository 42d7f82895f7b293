import { windowMessages } from "./outlet.ts";

/** The receiving end of a stream between processes; read once. */
export interface Inlet<Item> extends AsyncIterable<readonly Item[]> {
  receive(items: readonly Item[]): void;
  /** What was received is read first, then comes the end, or `failure`. */
  end(failure?: unknown): void;
  /** What was received is not read any more. */
  fail(reason: unknown): void;
}

export interface InletOptions {
  /** Tells the other side that so many messages have been read. */
  onTaken: (count: number) => void;
  /** The reader is done, one way or another. */
  onDone: () => void;
}

/** The reader gets everything that has come since it last asked, as one. */
export function createInlet<Item>({ onTaken, onDone }: InletOptions): Inlet<Item> {
  let received: Item[] = [];
  /** Messages that the other side does not know to be read. */
  let untold = 0;
  let isEnded = false;
  let failed: { reason: unknown } | undefined;
  let wake: (() => void) | undefined;

  const take = () => {
    const items = received;
    received = [];
    if (untold >= windowMessages / 2) {
      onTaken(untold);
      untold = 0;
    }
    return items;
  };

  const read = async function* () {
    try {
      for (;;) {
        if (failed !== undefined && (received.length === 0 || !isEnded)) throw failed.reason;
        if (received.length > 0) yield take();
        else if (isEnded) return;
        else {
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
        }
      }
    } finally {
      onDone();
    }
  };

  return {
    receive(items) {
      untold++;
      received = received.length === 0 ? [...items] : [...received, ...items];
      wake?.();
    },
    end(failure) {
      isEnded = true;
      if (failure !== undefined) failed ??= { reason: failure };
      wake?.();
    },
    fail(reason) {
      received = [];
      failed = { reason };
      wake?.();
    },
    [Symbol.asyncIterator]: read,
  };
}
