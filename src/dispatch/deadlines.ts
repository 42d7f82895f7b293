import { ServeError } from "../core/error.ts";

export interface Timeouts {
  /** Longest wait for the first event, in milliseconds; 0 means none, here and below. */
  firstTokenMs: number;
  betweenTokensMs: number;
  totalMs: number;
}

export interface Deadlines {
  /** The backend is being waited for, from now. */
  waiting(): void;
  /** Something came. Time that the client takes to read does not count. */
  arrived(): void;
  clear(): void;
}

/**
 * Calls `expire` once when the backend is silent for too long, of which clients are told under the name `who`. One timer
 * a call, not one a token.
 */
export function createDeadlines(
  timeouts: Timeouts,
  expire: (error: ServeError) => void,
  who: "agent" | "backend" = "backend",
): Deadlines {
  const startedAt = performance.now();
  let waitingSince = startedAt;
  let isWaiting = false;
  let hasBegun = false;
  let timer: ReturnType<typeof setTimeout> | undefined;

  const check = () => {
    const now = performance.now();
    const silenceMs = hasBegun ? timeouts.betweenTokensMs : timeouts.firstTokenMs;
    const left = Math.min(
      timeouts.totalMs === 0 ? Infinity : startedAt + timeouts.totalMs - now,
      silenceMs === 0 ? Infinity : isWaiting ? waitingSince + silenceMs - now : silenceMs,
    );
    if (left <= 0) {
      expire(new ServeError("timeout", `The ${who} did not answer in time.`, { code: "timeout" }));
    } else {
      // Which time applies can change before this one is over: never sleep longer than the shortest.
      timer = setTimeout(check, Math.min(left, longestSleep) + 1);
    }
  };
  const given = [timeouts.firstTokenMs, timeouts.betweenTokensMs, timeouts.totalMs].filter(
    (limit) => limit > 0,
  );
  const longestSleep = Math.min(...given, 2 ** 31 - 2);
  if (given.length > 0) timer = setTimeout(check, longestSleep + 1);

  return {
    waiting() {
      isWaiting = true;
      waitingSince = performance.now();
    },
    arrived() {
      isWaiting = false;
      hasBegun = true;
    },
    clear: () => clearTimeout(timer),
  };
}
