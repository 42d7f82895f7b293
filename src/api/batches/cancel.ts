import { ServeError } from "../../core/error.ts";
import type { Change, RecordKey, RecordStore, StoredRecord } from "../../store/records.ts";
import { notFound } from "../common/path-id.ts";
import { batchId, type BatchState, ended, inStatus, stateOf, stateText } from "./batch.ts";
import { publishOutputs } from "./run/output-files.ts";

/** Whoever runs the batch may write at the same time, but for a moment each. */
const maxTries = 50;

/**
 * Asks whoever runs a batch to end it, or ends one that nobody runs. Gives it as it is then. Throws `not_found`, or
 * `invalid_request` for one that has ended otherwise.
 */
export async function cancelBatch(key: RecordKey, records: RecordStore): Promise<StoredRecord> {
  for (let tried = 0; tried < maxTries; tried++) {
    const record = await records.head(key);
    if (record === undefined) throw notFound(key.id, batchId);
    const state = stateOf(record);
    if (state.status === "cancelling" || state.status === "cancelled") return record;
    if (state.status !== "validating" && state.status !== "in_progress") throw tooLate(state);
    const result = await records.write(await cancellation(record, state, records));
    if (result.kind === "written") return (await records.head(key)) ?? record;
  }
  throw new ServeError("unavailable", "The batch is busy.", {
    code: "server_is_overloaded",
    retryAfterSeconds: 1,
  });
}

async function cancellation(
  { key, version }: StoredRecord,
  state: BatchState,
  records: RecordStore,
): Promise<readonly Change[]> {
  const cancelling = inStatus(state, "cancelling", Date.now());
  const put = { kind: "put", key, expectedVersion: version } as const;
  if (state.holder !== undefined) return [{ ...put, text: stateText(cancelling) }];
  const cancelled = ended(inStatus(cancelling, "cancelled", Date.now()));
  return [
    { ...put, text: stateText(cancelled), dueInMs: null },
    ...(await publishOutputs(records, key, state)),
  ];
}

function tooLate({ status }: BatchState): ServeError {
  return new ServeError("invalid_request", `A batch that is ${status} cannot be cancelled.`, {
    code: "invalid_value",
    param: "batch_id",
  });
}
