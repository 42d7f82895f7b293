import { ServeError } from "../../../core/error.ts";
import { type BatchStatus, ended, inStatus, type Problem, released } from "../batch.ts";
import type { HeldBatch } from "./held-batch.ts";
import { publishOutputs } from "./output-files.ts";
import { expireLines, runLines, type RunLinesOptions } from "./run-lines.ts";
import { Stopped } from "./stopped.ts";
import { fileNotFound, validate } from "./validate.ts";

/**
 * Brings a batch to its end, from wherever it is. Rejects with `Stopped` (`lost`) when it is somebody else's, and as
 * the store does: then it is taken up again later.
 */
export async function runBatch(held: HeldBatch, options: RunLinesOptions): Promise<void> {
  try {
    await toEnd(held, options);
  } catch (error) {
    if (error instanceof Stopped) await stop(error, held, options);
    else await fail(error, held, options);
  }
}

async function toEnd(held: HeldBatch, options: RunLinesOptions): Promise<void> {
  const { now = Date.now } = options;
  if (held.state.status === "cancelling") throw new Stopped("canceled");
  if (held.state.status === "validating") {
    const problems = await validate(held, options);
    if (problems.length > 0) return await end("failed", held, { ...options, problems });
  }
  if (held.state.status !== "finalizing") await runLines(held, options);
  await held.write(async (state) => ({ state: inStatus(state, "finalizing", now()) }));
  await end("completed", held, options);
}

/** Goes on where `toEnd` was stopped. */
async function stop({ reason }: Stopped, held: HeldBatch, options: RunLinesOptions): Promise<void> {
  switch (reason) {
    case "canceled":
      return await end("cancelled", held, options);
    case "expired":
      await expireLines(held, options);
      return await end("expired", held, options);
    case "ending":
      return await held.write(async (state) => ({ state: released(state), dueInMs: 0 }));
    case "lost":
      throw new Stopped("lost");
  }
}

/** What cannot be helped by trying again. */
async function fail(thrown: unknown, held: HeldBatch, options: RunLinesOptions): Promise<void> {
  const error = ServeError.from(thrown);
  if (error.kind === "unavailable") throw error;
  const isGone = error.kind === "not_found";
  const { code = "internal_error", message } = error;
  await end("failed", held, { ...options, problems: [isGone ? fileNotFound : { code, message }] });
  if (!isGone) throw error;
}

async function end(
  status: BatchStatus,
  held: HeldBatch,
  { records, problems, now = Date.now }: RunLinesOptions & { problems?: readonly Problem[] },
): Promise<void> {
  await held.write(async (state) => ({
    state: {
      ...ended(inStatus(state, status, now())),
      ...(problems !== undefined && { problems }),
    },
    changes: await publishOutputs(records, held.key, state),
    dueInMs: null,
  }));
}
