export interface TimeLimit {
  milliseconds: number;
  /** What it rejects with then. */
  late(): Error;
}

/**
 * What `work` gives. Rejects as it does, with the reason of `signal` once that aborts, and when the time of `limit` is
 * over; in both cases the signal that `work` got aborts, and nobody waits for it to take notice.
 */
export async function inTime<Result>(
  work: (signal: AbortSignal) => Promise<Result>,
  { signal, limit }: { signal: AbortSignal; limit?: TimeLimit },
): Promise<Result> {
  signal.throwIfAborted();
  const controller = new AbortController();
  const { promise: over, reject } = Promise.withResolvers<never>();
  const end = (reason: unknown) => {
    controller.abort(reason);
    reject(reason);
  };
  const onAbort = () => end(signal.reason);
  signal.addEventListener("abort", onAbort, { once: true });
  const timer = limit && setTimeout(() => end(limit.late()), limit.milliseconds);
  try {
    return await Promise.race([work(controller.signal), over]);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", onAbort);
  }
}
