/** Lets so many in at once, the others one after the other as places become free. */
export interface Permits {
  /** Resolves with what gives the place back; rejects with the signal's reason. */
  enter(signal: AbortSignal): Promise<() => void>;
}

export function createPermits(count: number): Permits {
  const waiting = new Set<() => void>();
  let free = count;

  const leave = () => {
    const [next] = waiting;
    if (next === undefined) free++;
    else next();
  };
  return {
    async enter(signal) {
      signal.throwIfAborted();
      if (free > 0) {
        free--;
        return once(leave);
      }
      return await new Promise((resolve, reject) => {
        const giveUp = () => {
          waiting.delete(take);
          reject(signal.reason);
        };
        const take = () => {
          waiting.delete(take);
          signal.removeEventListener("abort", giveUp);
          resolve(once(leave));
        };
        waiting.add(take);
        signal.addEventListener("abort", giveUp, { once: true });
      });
    },
  };
}

function once(work: () => void): () => void {
  let isDone = false;
  return () => {
    if (isDone) return;
    isDone = true;
    work();
  };
}
