import { ServeError } from "../../core/error.ts";
import type { Change, RecordKey, RecordStore, StoredEntry, StoredRecord } from "../../store/records.ts";

/** How often a record is changed anew because somebody else has changed it meanwhile. */
const maxAttempts = 8;

/**
 * Makes the change that `change` says of the record as it is. Resolves with the record as it was right before; undefined
 * if there is none. Rejects as the store and `change` do, and with `rate_limited` if others change it all the time.
 */
export async function changeRecord(
  store: RecordStore,
  key: RecordKey,
  change: (record: StoredRecord) => Change | Promise<Change>,
): Promise<StoredRecord | undefined> {
  for (let attempt = 0; attempt < maxAttempts; attempt++) {
    const record = await store.head(key);
    if (record === undefined) return undefined;
    const result = await store.write([await change(record)]);
    if (result.kind === "written") return record;
  }
  throw new ServeError("rate_limited", "Too many others change it at the same time.", {
    code: "rate_limit_exceeded",
    retryAfterSeconds: 1,
  });
}

/** Whether there was one, which is not there any more then. Rejects as the store does. */
export async function deleteRecord(store: RecordStore, key: RecordKey): Promise<boolean> {
  return (await store.write([{ kind: "delete", key }])).kind === "written";
}

/** The newest entry of that id in one record; undefined if it has none. Rejects as the store does. */
export async function findEntryOf(
  store: RecordStore,
  key: RecordKey,
  id: string,
): Promise<StoredEntry | undefined> {
  const found = await store.findEntry([key.collection], key.owner, id);
  if (found === undefined || found.key.id === key.id) return found;
  // An id may stand in several records, of which the newest was found.
  return (await store.read(key))?.list.findLast((entry) => entry.id === id);
}
