import type { Permits } from "../../../core/permits.ts";
import { readFile } from "../../common/files/read-file.ts";
import { readRequests, type RequestLine } from "../input/read-requests.ts";
import { hasNumber } from "../number-set.ts";
import { askLine } from "./ask-line.ts";
import { encodeFailure, type LineResult } from "./encode-result.ts";
import type { HeldBatch } from "./held-batch.ts";
import type { RetryTimes, RunnerOptions } from "./options.ts";
import { createResultRecorder } from "./record-results.ts";

export interface RunLinesOptions extends RunnerOptions {
  permits: Permits;
  retry: RetryTimes;
  /** No line is begun from then on; those that are under way go on. Its reason is a `Stopped`. */
  ending: AbortSignal;
}

/** Lines that are under way, broken ones among them, whose results may still have to be written. */
const maxUnderWay = 256;

/** Asks the lines that have no result, and writes what becomes of them. Rejects with `Stopped` if some are left. */
export async function runLines(held: HeldBatch, options: RunLinesOptions): Promise<void> {
  const { records, limits, permits } = options;
  const recorder = createResultRecorder(held, records);
  const failure = new AbortController();
  const stop = AbortSignal.any([held.signal, options.ending, failure.signal]);
  const underWay = new Set<Promise<void>>();
  const track = (work: Promise<void>) => {
    const tracked = work
      .catch((error: unknown) => failure.abort(error))
      .finally(() => underWay.delete(tracked));
    underWay.add(tracked);
  };
  const ask = async (line: RequestLine & { kind: "request" }, leave: () => void) => {
    try {
      const { endpoint: path } = held.state;
      const request = { path, body: line.body, owner: held.key.owner, signal: held.signal };
      const result = await askLine(line, request, options);
      if (result !== undefined) await recorder.record([result]);
    } finally {
      leave();
    }
  };
  const { endpoint, inputFileId } = held.state;
  const input = readFile(records, held.key.owner, inputFileId);
  try {
    for await (const line of readRequests(input, { endpoint, limits })) {
      stop.throwIfAborted();
      if (hasNumber(held.state.recorded, line.index)) continue;
      if (line.kind === "broken") track(recorder.record([encodeFailure(line, line.problem)]));
      else track(ask(line, await permits.enter(stop)));
      if (underWay.size >= maxUnderWay) await Promise.race(underWay);
    }
  } finally {
    await Promise.all(underWay);
  }
  stop.throwIfAborted();
}

/** Writes that the lines without a result were not asked in time. */
export async function expireLines(held: HeldBatch, { records, limits }: RunnerOptions): Promise<void> {
  const recorder = createResultRecorder(held, records);
  const { endpoint, inputFileId } = held.state;
  const input = readFile(records, held.key.owner, inputFileId);
  let results: LineResult[] = [];
  for await (const line of readRequests(input, { endpoint, limits })) {
    if (hasNumber(held.state.recorded, line.index)) continue;
    results.push(encodeFailure(line, line.kind === "broken" ? line.problem : expired));
    if (results.length < maxUnderWay) continue;
    await recorder.record(results);
    results = [];
  }
  await recorder.record(results);
}

const expired = {
  code: "batch_expired",
  message: "The line was not asked before the batch expired.",
};
