import type { RunnerOptions, RunnerTimes } from "../../../src/api/batches/run/options.ts";
import { type BatchRunner, createBatchRunner } from "../../../src/api/batches/run/runner.ts";
import { ServeError } from "../../../src/core/error.ts";
import type { Backend } from "../../../src/core/generation.ts";
import { createStore } from "../../../src/store/create-store.ts";
import type { RecordStore } from "../../../src/store/records.ts";
import { type App, type AppOptions, startApp } from "../../support/app.ts";
import type { BatchBody, ResultLine } from "../../support/batch-wire.ts";
import { type MemoryLog, memoryLog } from "../../support/calls.ts";
import { uploadFile } from "../../support/forms.ts";
import { until } from "../../support/sources.ts";
import { post, send } from "../../support/wire.ts";

/** Fast, and long enough for a machine that is busy. */
export const fastTimes: RunnerTimes = {
  leaseMs: 1_000,
  pulseMs: 20,
  pollMs: 20,
  retry: { tries: 3, firstMs: 1, mostMs: 2 },
};

export interface Batching extends AsyncDisposable {
  app: App;
  records: RecordStore;
  runner: BatchRunner;
  log: MemoryLog;
  /** With `/v1`. */
  url: string;
  /** Uploads the lines and makes a batch of them. */
  submit(lines: readonly (string | object)[], more?: object): Promise<BatchBody>;
  get(id: string): Promise<BatchBody>;
  /** Once it has ended. */
  ended(id: string): Promise<BatchBody>;
  /** The lines of one of its files; none where there is none. */
  lines(id: string | undefined): Promise<ResultLine[]>;
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
  const get = async (id: string) => (await send<BatchBody>(`${url}/batches/${id}`)).json;
  return {
    app,
    records,
    runner,
    log,
    url,
    get,
    async submit(lines, more = {}) {
      const { id } = await uploadFile(url, { content: toJsonl(lines) });
      const { status, json, text } = await post<BatchBody>(`${url}/batches`, {
        input_file_id: id,
        endpoint: "/v1/chat/completions",
        completion_window: "24h",
        ...more,
      });
      if (status !== 200) throw new Error(`${status}: ${text}`);
      return json;
    },
    async ended(id) {
      const final = ["completed", "failed", "expired", "cancelled"];
      await until(async () => final.includes((await get(id)).status), 20_000);
      return await get(id);
    },
    async lines(id) {
      if (id === undefined) return [];
      const text = await (await fetch(`${url}/files/${id}/content`)).text();
      return text
        .split("\n")
        .filter((line) => line !== "")
        .map((line): ResultLine => JSON.parse(line));
    },
    async [Symbol.asyncDispose]() {
      const drained = runner.drain();
      app.handler.active.abortAll(() => new ServeError("unavailable", "The server is shutting down."));
      await app[Symbol.asyncDispose]();
      await drained;
    },
  };
}

export function toJsonl(lines: readonly (string | object)[]): string {
  return lines.map((line) => `${typeof line === "string" ? line : JSON.stringify(line)}\n`).join("");
}

/** A line that asks a chat model. */
export function chatLine(id: string, content = id, more: object = {}) {
  return {
    custom_id: id,
    method: "POST",
    url: "/v1/chat/completions",
    body: { model: "echo", messages: [{ role: "user", content }], ...more },
  };
}
