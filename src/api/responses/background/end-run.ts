import { ServeError } from "../../../core/error.ts";
import { toErrorBody } from "../../../http/errors.ts";
import type { RecordKey, RecordStore, WholeRecord } from "../../../store/records.ts";
import type { Ending } from "../encoder.ts";
import { isRunning, readHead } from "../layout.ts";
import { readResponse } from "../stored.ts";
import { leaseMs } from "./journal.ts";
import { ofJournal, RunState } from "./run-record.ts";

/** How often an end is written anew because the one who works on the response has written meanwhile. */
const maxAttempts = 32;

/**
 * A response as it is kept. One that nobody works on any more, because its process has died, has failed by then. Rejects
 * with `not_found`, and as the store does.
 */
export async function readLiving(key: RecordKey, records: RecordStore): Promise<WholeRecord> {
  const record = await readResponse(key, records);
  if (!isDead(record)) return record;
  await buryDead(records);
  return await readResponse(key, records);
}

export function isDead({ text, dueAt = Infinity }: Pick<WholeRecord, "text" | "dueAt">): boolean {
  return dueAt < Date.now() && isRunning(readHead({ text }).response);
}

const died: Ending = {
  kind: "failed",
  error: toErrorBody(
    new ServeError("internal", "The server that worked on this response has stopped.", {
      code: "server_error",
    }),
  ),
};

/** Ends responses whose leases ran out, each in one process only. Rejects as the store does. */
export async function buryDead(records: RecordStore): Promise<void> {
  for (const { key, version } of await records.claim("response", { leaseMs, limit: 16 })) {
    const record = await records.read(key);
    if (record?.version === version) await endRecord(record, died, records);
  }
}

/**
 * Ends a response with what has come of it, whoever works on it. Resolves with it as it is then, which is as it was if it
 * had ended. Rejects with `not_found`, and as the store does.
 */
export async function endRun(key: RecordKey, ending: Ending, records: RecordStore): Promise<WholeRecord> {
  for (let attempt = 0; attempt < maxAttempts; attempt++) {
    const record = await readResponse(key, records);
    if (!isRunning(readHead(record).response)) return record;
    await endRecord(record, ending, records);
  }
  throw new ServeError("unavailable", "The response is written too often to be ended. Try again.", {
    code: "server_is_overloaded",
    retryAfterSeconds: 1,
  });
}

/** Nothing is written if somebody else was first. */
async function endRecord(record: WholeRecord, ending: Ending, records: RecordStore): Promise<void> {
  const state = new RunState(readHead(record));
  for (const batch of ofJournal(record.list)) state.add(batch);
  const { change } = await state.end(ending, record);
  await records.write([change]);
}
