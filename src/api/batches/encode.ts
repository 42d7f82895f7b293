import type { StoredRecord } from "../../store/records.ts";
import { type BatchState, type BatchStatus, isOpen, type Problem, stateOf } from "./batch.ts";

/** A batch as OpenAI's `Batch`. Its files are named only once they can be read. */
export function encodeBatch(record: StoredRecord) {
  const state = stateOf(record);
  const { counts, usage, outputFileId, errorFileId } = state;
  const hasFiles = !isOpen(state);
  return {
    id: record.key.id,
    object: "batch",
    endpoint: state.endpoint,
    ...(state.model !== undefined && { model: state.model }),
    ...(state.problems !== undefined && { errors: encodeProblems(state.problems) }),
    input_file_id: state.inputFileId,
    completion_window: "24h",
    status: state.status,
    ...(hasFiles && outputFileId !== undefined && { output_file_id: outputFileId }),
    ...(hasFiles && errorFileId !== undefined && { error_file_id: errorFileId }),
    created_at: toSeconds(record.createdAt),
    expires_at: toSeconds(state.expiresAt),
    ...encodeTimes(state),
    request_counts: { total: counts.total, completed: counts.completed, failed: counts.failed },
    usage: {
      input_tokens: usage.inputTokens,
      input_tokens_details: { cached_tokens: usage.cachedTokens },
      output_tokens: usage.outputTokens,
      output_tokens_details: { reasoning_tokens: usage.reasoningTokens },
      total_tokens: usage.inputTokens + usage.outputTokens,
    },
    metadata: state.metadata,
  };
}

const timeNames: readonly (readonly [BatchStatus, string])[] = [
  ["in_progress", "in_progress_at"],
  ["finalizing", "finalizing_at"],
  ["completed", "completed_at"],
  ["failed", "failed_at"],
  ["expired", "expired_at"],
  ["cancelling", "cancelling_at"],
  ["cancelled", "cancelled_at"],
];

function encodeTimes({ reached }: BatchState): Record<string, number> {
  return Object.fromEntries(
    timeNames.flatMap(([status, name]) => {
      const time = reached[status];
      return time === undefined ? [] : [[name, toSeconds(time)]];
    }),
  );
}

function encodeProblems(problems: readonly Problem[]) {
  return { object: "list", data: problems.map(encodeProblem) };
}

export function encodeProblem({ code, message, line, param }: Problem) {
  return { code, message, line: line ?? null, param: param ?? null };
}

function toSeconds(milliseconds: number): number {
  return Math.floor(milliseconds / 1_000);
}
