import { ServeError } from "../../../core/error.ts";

/** Lets one after the other in, by name. A name that nobody uses costs nothing. */
export interface TurnLocks {
  /**
   * Resolves once it is this one's turn, with what ends it. Rejects with the signal's reason, or with `rate_limited`
   * (`conversation_busy`) when too many wait already.
   */
  enter(name: string, signal: AbortSignal): Promise<() => void>;
  /** Names in use. */
  readonly size: number;
}

export function createTurnLocks(maxWaiting: number): TurnLocks {
  /** Of each name in use, those who wait. */
  const waiting = new Map<string, (() => void)[]>();

  const leave = (name: string) => {
    const next = waiting.get(name)?.shift();
    if (next === undefined) waiting.delete(name);
    else next();
  };
  const ticket = (name: string) => {
    let isOver = false;
    return () => {
      if (isOver) return;
      isOver = true;
      leave(name);
    };
  };

  return {
    get size() {
      return waiting.size;
    },
    async enter(name, signal) {
      signal.throwIfAborted();
      const queue = waiting.get(name);
      if (queue === undefined) {
        waiting.set(name, []);
        return ticket(name);
      }
      if (queue.length >= maxWaiting) throw conversationBusy();
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      const abort = () => {
        const place = queue.indexOf(resolve);
        if (place !== -1) queue.splice(place, 1);
        reject(signal.reason);
      };
      queue.push(resolve);
      signal.addEventListener("abort", abort, { once: true });
      await promise.finally(() => signal.removeEventListener("abort", abort));
      const end = ticket(name);
      // It may have aborted between its turn and this line.
      if (signal.aborted) end();
      signal.throwIfAborted();
      return end;
    },
  };
}

export function conversationBusy(): ServeError {
  return new ServeError("rate_limited", "Too many requests wait for their turn in this conversation.", {
    code: "conversation_busy",
    retryAfterSeconds: 1,
  });
}
