import { createPermits } from "../../../core/permits.ts";
import { sleep } from "../../../core/sleep.ts";
import type { StoredRecord } from "../../../store/records.ts";
import { isOpen } from "../batch.ts";
import { holdBatch } from "./held-batch.ts";
import { type RunnerOptions, standardTimes } from "./options.ts";
import { runBatch } from "./run-batch.ts";
import { Stopped } from "./stopped.ts";

/** Runs batches, whoever made them: those of this process and of others that share its store. */
export interface BatchRunner {
  start(): void;
  /** There is a new one. */
  wake(): void;
  /** Begins no line any more. Resolves when those that run are done, and the rest is left to others. */
  drain(): Promise<void>;
}

/** At once; each of them gets its share of the lines. */
const maxBatches = 8;

/** Does nothing before `start`. */
export function createBatchRunner(options: RunnerOptions): BatchRunner {
  const { records, log, times = standardTimes, now = Date.now } = options;
  const ending = new AbortController();
  const running = new Set<Promise<void>>();
  const permits = createPermits(options.concurrency);
  let woken = new AbortController();
  let looking: Promise<void> = Promise.resolve();

  const run = async (record: StoredRecord) => {
    const held = await holdBatch(record, { records, times, now });
    if (held === undefined) return;
    try {
      await runBatch(held, { ...options, permits, retry: times.retry, ending: ending.signal });
    } finally {
      held.close();
      const { status, counts } = held.state;
      if (!isOpen(held.state)) log.info(`Batch ${held.key.id} is ${status}`, { ...counts });
    }
  };
  const track = (work: Promise<void>) => {
    const tracked = work
      .catch((error: unknown) => tell(error))
      .finally(() => {
        running.delete(tracked);
        // There is room for another one.
        woken.abort();
      });
    running.add(tracked);
  };
  const tell = (error: unknown) => {
    if (error instanceof Stopped) return;
    log.warn("A batch could not be run on", { cause: error instanceof Error ? error.message : "unknown" });
  };
  const look = async () => {
    while (!ending.signal.aborted) {
      woken = new AbortController();
      const limit = maxBatches - running.size;
      if (limit > 0) {
        const due = await records.claim("batch", { leaseMs: times.leaseMs, limit }).catch(() => []);
        for (const record of due) track(run(record));
      }
      await sleep(times.pollMs, AbortSignal.any([woken.signal, ending.signal]));
    }
  };

  return {
    start() {
      looking = look();
    },
    wake: () => woken.abort(),
    async drain() {
      ending.abort(new Stopped("ending"));
      await looking;
      await Promise.all(running);
    },
  };
}
