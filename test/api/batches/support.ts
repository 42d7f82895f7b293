import type { RunnerOptions, RunnerTimes } from "../../../src/api/batches/run/options.ts";
import { type BatchRunner, createBatchRunner } from "../../../src/api/batches/run/runner.ts";
import { ServeError } from "../../../src/core/error.ts";
import type { Backend } from "../../../src/core/generation.ts";
import { createStore } from "../../../src/store/create-store.ts";
import type { RecordStore } from "../../../src/store/records.ts";
import { type App, type AppOptions, startApp } from "../../support/app.ts";
import { type BatchClient, createBatchClient } from "../../support/batch-client.ts";
import { type MemoryLog, memoryLog } from "../../support/calls.ts";

/** Fast, and long enough for a machine that is busy. */
export const fastTimes: RunnerTimes = {
  leaseMs: 1_000,
  pulseMs: 20,
  pollMs: 20,
  retry: { tries: 3, firstMs: 1, mostMs: 2 },
};

export interface Batching extends AsyncDisposable, BatchClient {
  app: App;
  records: RecordStore;
  runner: BatchRunner;
  log: MemoryLog;
  /** With `/v1`. */
  url: string;
}

export interface BatchingOptions
  extends AppOptions, Partial<Pick<RunnerOptions, "times" | "now" | "concurrency">> {
  /** Takes what the runner asks on its way. */
  ask?: (ask: RunnerOptions["ask"]) => RunnerOptions["ask"];
}

/** The whole server with a runner of batches; ends with what runs broken off. */
export function startBatching(backends: readonly Backend[], options: BatchingOptions = {}): Batching {
  const log = memoryLog();
  const records = options.records ?? createStore("memory:", log).records;
  const app = startApp(backends, { ...options, records, batchCreated: () => runner.wake() });
  const ask: RunnerOptions["ask"] = (inner) => app.handler.ask(inner);
  const runner = createBatchRunner({
    records,
    ask: options.ask?.(ask) ?? ask,
    concurrency: options.concurrency ?? 4,
    limits: { maxBodyBytes: 10_000, maxJsonDepth: 16, maxJsonValues: 1_000, bodyTimeoutMs: 1_000 },
    times: options.times ?? fastTimes,
    ...(options.now !== undefined && { now: options.now }),
    log,
  });
  runner.start();
  const url = `${app.url}/v1`;
  return {
    app,
    records,
    runner,
    log,
    url,
    ...createBatchClient(url),
    async [Symbol.asyncDispose]() {
      const drained = runner.drain();
      app.handler.active.abortAll(() => new ServeError("unavailable", "The server is shutting down."));
      await app[Symbol.asyncDispose]();
      await drained;
    },
  };
}
