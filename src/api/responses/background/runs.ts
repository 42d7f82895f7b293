import { ServeError } from "../../../core/error.ts";
import { unlessAborted } from "../../../core/unless-aborted.ts";
import type { RecordKey, RecordStore } from "../../../store/records.ts";
import { runInBackground, type RunToStart } from "./run.ts";

/** The responses that are being worked on here, in the background. */
export interface Runs {
  /**
   * Keeps room for a run until what it gives is called. Throws `rate_limited` when this owner, or all together,
   * have too many already.
   */
  reserve(owner: string | undefined): () => void;
  /** `release` is what `reserve` gave; it is called once the run has ended. */
  start(run: RunToStart, release: () => void): void;
  /** Ends it, if it is worked on here; resolves once that is written. */
  cancel(key: RecordKey): Promise<void>;
  watch(key: RecordKey, signal: AbortSignal): Watch;
}

/** Of what is written for one response. */
export interface Watch {
  /**
   * Resolves once something has been written here since it was last asked, and at the latest after `pollMs`: it may be
   * worked on elsewhere. Rejects with the reason of the signal.
   */
  changed(): Promise<void>;
  close(): void;
}

const maxRuns = 256;
const maxRunsOfOwner = 64;
const pollMs = 500;

interface Running {
  cancel(): void;
  done: Promise<void>;
}

export function createRuns(records: RecordStore): Runs {
  const running = new Map<string, Running>();
  const watching = new Map<string, Set<() => void>>();
  /** Those that are to run as well, with their owners. */
  const reserved = new Set<{ owner: string }>();

  const wake = (name: string) => {
    for (const each of watching.get(name) ?? []) each();
  };
  return {
    reserve(owner = "") {
      const own = [...reserved].filter((each) => each.owner === owner).length;
      if (reserved.size >= maxRuns || own >= maxRunsOfOwner) throw tooManyRuns();
      const place = { owner };
      reserved.add(place);
      return () => void reserved.delete(place);
    },
    start(run, release) {
      const name = nameOf(run.key);
      const done = runInBackground(run, { records, onWritten: () => wake(name) }).finally(() => {
        running.delete(name);
        release();
        wake(name);
      });
      running.set(name, { cancel: () => run.work.abort(canceled()), done });
    },
    async cancel(key) {
      const run = running.get(nameOf(key));
      run?.cancel();
      await run?.done;
    },
    watch(key, signal) {
      const name = nameOf(key);
      const others = watching.get(name) ?? new Set();
      let hasChanged = false;
      let resume: (() => void) | undefined;
      const onWritten = () => {
        hasChanged = true;
        resume?.();
      };
      watching.set(name, others.add(onWritten));
      return {
        async changed() {
          const { promise, resolve } = Promise.withResolvers<void>();
          resume = resolve;
          const timer = setTimeout(resolve, pollMs);
          try {
            if (!hasChanged) await unlessAborted(promise, signal);
            hasChanged = false;
          } finally {
            clearTimeout(timer);
          }
        },
        close() {
          others.delete(onWritten);
          if (others.size === 0 && watching.get(name) === others) watching.delete(name);
        },
      };
    },
  };
}

function nameOf({ owner, id }: RecordKey): string {
  return JSON.stringify([owner, id]);
}

function tooManyRuns(): ServeError {
  return new ServeError(
    "rate_limited",
    "Too many responses are worked on in the background. Please try again in 5s.",
    { code: "rate_limit_exceeded", param: "background", retryAfterSeconds: 5 },
  );
}

function canceled(): ServeError {
  return new ServeError("canceled", "The response was cancelled.");
}
