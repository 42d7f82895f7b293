import type { RecordKey } from "../records.ts";
import { assertRoom, isKept, keptCollections, storeFull } from "../room.ts";
import { storeUnavailable } from "../unavailable.ts";
import type { JobContext } from "./context.ts";
import type { Done } from "./record-row.ts";
import { numberIn, textIn } from "./rows.ts";
import { removeExpired, removeFromShelf } from "./shelves.ts";
import { join, type Procedure, sql, type Statement } from "./statement.ts";

/** Records removed at most because of one that is written, so that others need not wait long. */
const recordsAWrite = { ofOwner: 200, ofAll: 16 };

/** A record that has grown, on its shelf. */
export interface Growth {
  key: RecordKey;
  shelf: number;
  /** Records on the shelf. */
  count: number;
  done: Done;
  /** Numbers of the records of this write, which stay. */
  written: readonly number[];
}

/**
 * Pushes out what is in the way of a record that was written. Throws when there is no room for it: as `assertRoom`
 * does, `store_full` for too many records, `unavailable` for too many bytes.
 */
export function* makeRoom(context: JobContext, growth: Growth): Procedure<void> {
  if (growth.done.addedRecords > 0) yield* makePlace(context, growth);
  const [sums] = yield sql`SELECT coalesce(sum(bytes), 0) AS bytes,
    coalesce(sum(CASE WHEN collection IN (${names(keptCollections)}) THEN bytes ELSE 0 END), 0) AS kept FROM shelves`;
  const { maxTotalBytes } = context;
  const { bytes, addedBytes } = growth.done;
  const keptBytes = numberIn(sums, "kept") - (isKept(growth.key.collection) ? addedBytes : 0);
  assertRoom({
    collection: growth.key.collection,
    recordBytes: bytes,
    addedBytes,
    keptBytes,
    maxTotalBytes,
  });
  let excess = numberIn(sums, "bytes") - maxTotalBytes;
  for (let removed = 0; excess > 0 && removed < recordsAWrite.ofAll; removed++) {
    const freed = yield* removeOldestOfLargest(context, growth.written);
    if (freed === 0 && removed === 0) throw storeUnavailable("Nothing is left that could be pushed out.");
    if (freed === 0) return;
    excess -= freed;
  }
}

/** Brings an owner back to as many records of a collection as one may have. */
function* makePlace(context: JobContext, { key, shelf, count, written }: Growth): Procedure<void> {
  let excess = count - context.maxPerOwner;
  if (excess <= 0) return;
  excess -= yield* removeExpired(context, shelf, recordsAWrite.ofOwner);
  if (excess <= 0) return;
  if (isKept(key.collection)) throw storeFull();
  const most = Math.min(excess, recordsAWrite.ofOwner);
  const { records } = yield* removeFromShelf(shelf, oldestOn(shelf, { written, most }));
  if (records === 0) throw storeFull();
}

/** The first to go of a shelf: what is due stays, and so does what is being written. */
function oldestOn(shelf: number, { written, most }: { written: readonly number[]; most: number }): Statement {
  const numbers = written.map((number) => sql`${number}`);
  return sql`SELECT number, bytes, entries, updated_at FROM records
    WHERE shelf = ${shelf} AND due_at IS NULL AND number NOT IN (${join(numbers, ", ")})
    ORDER BY updated_at, number LIMIT ${most}`;
}

/**
 * Where the owner who has most has nothing that may go, it is the next one's turn; shelves that somebody else has locked
 * are left out. How many bytes that frees.
 */
function* removeOldestOfLargest({ dialect }: JobContext, written: readonly number[]): Procedure<number> {
  const owners = yield sql`SELECT owner FROM shelves GROUP BY owner ORDER BY sum(bytes) DESC, owner`;
  for (const row of owners) {
    const shelves = yield sql`SELECT number FROM shelves
      WHERE owner = ${textIn(row, "owner")} AND collection NOT IN (${names(keptCollections)}) AND record_count > 0
      ORDER BY number ${dialect.skipLocked}`;
    const shelf = yield* shelfOfOldest(
      shelves.map((each) => numberIn(each, "number")),
      written,
    );
    if (shelf === undefined) continue;
    const { bytes } = yield* removeFromShelf(shelf, oldestOn(shelf, { written, most: 1 }));
    return bytes;
  }
  return 0;
}

function* shelfOfOldest(
  shelves: readonly number[],
  written: readonly number[],
): Procedure<number | undefined> {
  let oldest: { shelf: number; updatedAt: number } | undefined;
  for (const shelf of shelves) {
    const [row] = yield oldestOn(shelf, { written, most: 1 });
    const updatedAt = numberIn(row, "updated_at");
    if (row !== undefined && updatedAt < (oldest?.updatedAt ?? Infinity)) oldest = { shelf, updatedAt };
  }
  return oldest?.shelf;
}

function names(all: readonly string[]): Statement {
  return join(
    all.map((name) => sql`${name}`),
    ", ",
  );
}
