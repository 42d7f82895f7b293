/** Messages that may be on their way, or unread on the other side. */
export const windowMessages = 16;

/** Items that one message has at most; what comes in one turn of the event loop is one message up to that. */
const maxItems = 256;

/** The sending end of a stream between processes. */
export interface Outlet<Item> {
  /** Sends `item` soon. A promise where that has to wait until the other side has read. */
  push(item: Item): Promise<void> | undefined;
  /** Sends what is left. */
  flush(): Promise<void>;
  /** The other side has read so many messages. */
  take(count: number): void;
  /** Nobody reads any more: nothing waits, nothing is sent. */
  close(): void;
}

/** A stream in messages of many items, no faster than the other side reads. */
export function createOutlet<Item>(send: (items: readonly Item[]) => void): Outlet<Item> {
  let items: Item[] = [];
  let credits = windowMessages;
  let isClosed = false;
  let isScheduled = false;
  let failure: { reason: unknown } | undefined;
  let wake: (() => void) | undefined;

  const sendNow = () => {
    isScheduled = false;
    if (items.length === 0 || credits === 0 || isClosed) return;
    const sent = items;
    items = [];
    credits--;
    try {
      send(sent);
    } catch (reason) {
      failure = { reason };
    }
    wake?.();
  };

  const schedule = () => {
    if (isScheduled) return;
    isScheduled = true;
    setImmediate(sendNow);
  };

  const isOver = () => isClosed || failure !== undefined;

  const until = async (isMet: () => boolean) => {
    while (!isMet() && !isOver()) {
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
    if (failure !== undefined) throw failure.reason;
  };

  return {
    push(item) {
      if (isClosed) return undefined;
      items.push(item);
      if (failure !== undefined) return until(() => true);
      if (items.length < maxItems) {
        schedule();
        return undefined;
      }
      sendNow();
      return until(() => items.length < maxItems);
    },
    async flush() {
      sendNow();
      await until(() => items.length === 0);
    },
    take(count) {
      credits += count;
      sendNow();
    },
    close() {
      isClosed = true;
      wake?.();
    },
  };
}
