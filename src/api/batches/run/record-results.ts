import type { RecordStore } from "../../../store/records.ts";
import type { BatchState, BatchUsage } from "../batch.ts";
import { addNumber, hasNumber } from "../number-set.ts";
import type { LineResult } from "./encode-result.ts";
import type { HeldBatch } from "./held-batch.ts";
import { appendOutputs } from "./output-files.ts";

/** Writes results, each once: those that come while a write is under way go together into the next. */
export interface ResultRecorder {
  record(results: readonly LineResult[]): Promise<void>;
}

export function createResultRecorder(held: HeldBatch, records: RecordStore): ResultRecorder {
  let waiting: LineResult[] = [];

  /** Also where a write was made whose acknowledgement was lost, no result is written twice. */
  const write = async (results: readonly LineResult[]) => {
    await held.write(async (state) => {
      const missing = results.filter(({ index }) => !hasNumber(state.recorded, index));
      if (missing.length === 0) return undefined;
      return await appendOutputs(records, held.key, missing.reduce(withResult, state), {
        outputFileId: textOf(missing.filter(({ isAnswer }) => isAnswer)),
        errorFileId: textOf(missing.filter(({ isAnswer }) => !isAnswer)),
      });
    });
  };

  let last: Promise<void> = Promise.resolve();
  const flush = async () => {
    const results = waiting;
    waiting = [];
    if (results.length > 0) await write(results);
  };
  return {
    async record(results) {
      waiting.push(...results);
      last = last.then(flush);
      await last;
    },
  };
}

function textOf(results: readonly LineResult[]): string {
  return results.map(({ text }) => text).join("");
}

function withResult(state: BatchState, { index, isAnswer, usage }: LineResult): BatchState {
  const { total, completed, failed } = state.counts;
  return {
    ...state,
    counts: { total, completed: completed + (isAnswer ? 1 : 0), failed: failed + (isAnswer ? 0 : 1) },
    usage: usage === undefined ? state.usage : sum(state.usage, usage),
    recorded: addNumber(state.recorded, index),
  };
}

function sum(one: BatchUsage, other: BatchUsage): BatchUsage {
  return {
    inputTokens: one.inputTokens + other.inputTokens,
    cachedTokens: one.cachedTokens + other.cachedTokens,
    outputTokens: one.outputTokens + other.outputTokens,
    reasoningTokens: one.reasoningTokens + other.reasoningTokens,
  };
}
