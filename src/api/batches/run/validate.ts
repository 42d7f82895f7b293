import { findFile, readFile } from "../../common/files/read-file.ts";
import { inStatus, type Problem } from "../batch.ts";
import { readRequests } from "../input/read-requests.ts";
import type { HeldBatch } from "./held-batch.ts";
import type { RunnerOptions } from "./options.ts";
import { Stopped } from "./stopped.ts";

/** As many as OpenAI takes, and as large. */
const maxLines = 50_000;
const maxInputBytes = 200_000_000;
const maxProblems = 100;

/**
 * What makes a batch fail as a whole; none if at least one of its lines can be asked. Then it is in progress, and its
 * lines are counted. Rejects with the batch's `Stopped`.
 */
export async function validate(
  held: HeldBatch,
  { records, limits, now = Date.now }: RunnerOptions,
): Promise<readonly Problem[]> {
  const { endpoint, inputFileId } = held.state;
  const { owner } = held.key;
  const file = await findFile(records, owner, inputFileId);
  if (file === undefined) return [fileNotFound];
  if (file.bytes > maxInputBytes) {
    return [{ code: "file_too_large", message: `The input has more than ${maxInputBytes} bytes.` }];
  }
  const problems: Problem[] = [];
  const models = new Set<unknown>();
  let total = 0;
  let broken = 0;
  for await (const line of readRequests(readFile(records, owner, inputFileId), { endpoint, limits })) {
    assertWanted(held.signal);
    total++;
    if (total > maxLines) {
      return [{ code: "too_many_tasks", message: `The input has more than ${maxLines} lines.` }];
    }
    if (line.kind === "request") {
      if (models.size < 2) models.add(line.body["model"]);
      continue;
    }
    broken++;
    if (problems.length < maxProblems) problems.push({ ...line.problem, line: line.line });
  }
  if (total === 0) return [{ code: "empty_file", message: "The input has no line." }];
  if (broken === total) return problems;
  const [model] = models.size === 1 ? models : [];
  await held.write(async (state) => ({
    state: {
      ...inStatus(state, "in_progress", now()),
      ...(state.status === "cancelling" && { status: state.status }),
      ...(typeof model === "string" && { model }),
      counts: { ...state.counts, total },
    },
  }));
  return [];
}

/** What has expired is counted all the same, so that each line can be said to have. */
function assertWanted({ aborted, reason }: AbortSignal): void {
  if (aborted && !(reason instanceof Stopped && reason.reason === "expired")) throw reason;
}

export const fileNotFound: Problem = {
  code: "file_not_found",
  message: "The input file is not there any more.",
  param: "input_file_id",
};
