import { ServeError } from "../core/error.ts";

export interface AdmissionLimits {
  /** Backend calls at once. */
  maxConcurrency: number;
  /** Requests that may wait for their turn; one more is refused. */
  maxQueue: number;
}

export interface Admission {
  /**
   * Waits, first come first served, until `calls` more backend calls may run; the result gives them back.
   * Throws `unavailable` (`server_is_overloaded`) when too many wait already, or the signal's reason.
   */
  enter(calls: number, signal: AbortSignal): Promise<() => void>;
}

export function createAdmission(limits: AdmissionLimits): Admission {
  const waiting = new Set<{ calls: number; start: () => void }>();
  let running = 0;

  const fits = (calls: number) => running === 0 || running + calls <= limits.maxConcurrency;
  const take = (calls: number) => {
    running += calls;
    let given = false;
    return () => {
      if (given) return;
      given = true;
      running -= calls;
      startNext();
    };
  };
  const startNext = () => {
    for (const next of waiting) {
      if (!fits(next.calls)) return;
      waiting.delete(next);
      next.start();
    }
  };

  return {
    async enter(calls, signal) {
      signal.throwIfAborted();
      if (waiting.size === 0 && fits(calls)) return take(calls);
      if (waiting.size >= limits.maxQueue) {
        throw new ServeError("unavailable", "The server is busy: too many requests are waiting already.", {
          code: "server_is_overloaded",
          retryAfterSeconds: 1,
        });
      }
      return await new Promise<() => void>((resolve, reject) => {
        const leave = () => {
          waiting.delete(entry);
          reject(signal.reason);
          // It may have been the one too heavy to start, with lighter ones behind it.
          startNext();
        };
        const entry = {
          calls,
          start: () => {
            signal.removeEventListener("abort", leave);
            resolve(take(calls));
          },
        };
        waiting.add(entry);
        signal.addEventListener("abort", leave, { once: true });
      });
    },
  };
}
