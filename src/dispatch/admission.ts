import { ServeError } from "../core/error.ts";

export interface AdmissionLimits {
  /** Backend calls at once. */
  maxConcurrency: number;
  /** Requests that may wait for their turn; one more is refused. */
  maxQueue: number;
}

export interface Place {
  /** How many backend calls may run at once. */
  calls: number;
  /** Gives them back; more than once does nothing. */
  leave: () => void;
}

export interface Admission {
  /**
   * Waits, first come first served, until `wanted` more backend calls may run, or as many as ever may at once.
   * Throws `unavailable` (`server_is_overloaded`) when too many wait already, or the signal's reason.
   */
  enter(wanted: number, signal: AbortSignal): Promise<Place>;
  /** As `enter` for one call, with as many more, up to `wanted` in all, as nobody runs or waits for. */
  enterUpTo(wanted: number, signal: AbortSignal): Promise<Place>;
}

export function createAdmission(limits: AdmissionLimits): Admission {
  const waiting = new Set<{ calls: number; start: () => void }>();
  let running = 0;

  const fits = (calls: number) => running + calls <= limits.maxConcurrency;
  const take = (calls: number): Place => {
    running += calls;
    let given = false;
    const leave = () => {
      if (given) return;
      given = true;
      running -= calls;
      startNext();
    };
    return { calls, leave };
  };
  const startNext = () => {
    for (const next of waiting) {
      if (!fits(next.calls)) return;
      waiting.delete(next);
      next.start();
    }
  };

  const admission: Admission = {
    async enter(wanted, signal) {
      signal.throwIfAborted();
      const calls = Math.min(wanted, limits.maxConcurrency);
      if (waiting.size === 0 && fits(calls)) return take(calls);
      if (waiting.size >= limits.maxQueue) {
        throw new ServeError("unavailable", "The server is busy: too many requests are waiting already.", {
          code: "server_is_overloaded",
          retryAfterSeconds: 1,
        });
      }
      return await new Promise<Place>((resolve, reject) => {
        const giveUp = () => {
          waiting.delete(entry);
          reject(signal.reason);
          // It may have been the one too heavy to start, with lighter ones behind it.
          startNext();
        };
        const entry = {
          calls,
          start: () => {
            signal.removeEventListener("abort", giveUp);
            resolve(take(calls));
          },
        };
        waiting.add(entry);
        signal.addEventListener("abort", giveUp, { once: true });
      });
    },
    async enterUpTo(wanted, signal) {
      const free = waiting.size === 0 ? limits.maxConcurrency - running : 0;
      return await admission.enter(Math.max(1, Math.min(wanted, free)), signal);
    },
  };
  return admission;
}
