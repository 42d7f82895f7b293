import type { Change, WriteResult } from "../records.ts";
import { isAlive, type JobContext } from "./context.ts";
import { makeRoom } from "./make-room.ts";
import { putRecord } from "./put-record.ts";
import type { Done, RecordRow } from "./record-row.ts";
import { numberIn, optionalNumberIn } from "./rows.ts";
import { countOnShelf, removeFromShelf, type Shelves, shelfName } from "./shelves.ts";
import { type Procedure, sql } from "./statement.ts";

/** Thrown where a change does not fit after others of its write were made: they have to be undone. */
export class WriteConflict extends Error {
  readonly change: number;

  constructor(change: number) {
    super("A record has another version than expected.");
    this.change = change;
  }
}

/**
 * Makes the changes of one write; the shelves of their keys must be locked. Throws `WriteConflict` instead of resolving
 * to a conflict where something has been written, and what `makeRoom` throws.
 */
export function* writeRecords(
  context: JobContext,
  changes: readonly Change[],
  shelves: Shelves,
): Procedure<WriteResult> {
  const versions: number[] = [];
  const written: number[] = [];
  for (const [index, change] of changes.entries()) {
    const shelf = shelves.get(shelfName(change.key)) ?? 0;
    const done = yield* make(context, change, shelf);
    if (done === undefined) {
      if (index > 0) throw new WriteConflict(index);
      return { kind: "conflict", change: index };
    }
    const { addedRecords, addedBytes } = done;
    const count = yield* countOnShelf(shelf, { records: addedRecords, bytes: addedBytes });
    versions.push(done.version);
    written.push(done.number);
    const growth = { key: change.key, shelf, count, done, written };
    if (addedBytes > 0) yield* makeRoom(context, growth);
  }
  return { kind: "written", versions };
}

function* make(context: JobContext, change: Change, shelf: number): Procedure<Done | undefined> {
  const before = yield* find(context, shelf, change.key.id);
  const version = before?.version ?? 0;
  if ((change.expectedVersion ?? version) !== version) return undefined;
  switch (change.kind) {
    case "put":
      if ((change.keep ?? 0) > (before?.entries ?? 0)) return undefined;
      return yield* putRecord(context, change, { shelf, before });
    case "remove-entry":
      return before && (yield* removeEntry(context, before, change.position));
    case "delete":
      return before && (yield* deleteRecord(before));
  }
}

/** What has expired goes. */
function* find(context: JobContext, shelf: number, id: string): Procedure<RecordRow | undefined> {
  const [row] =
    yield sql`SELECT records.number, records.version, records.entries, records.next_position, records.entry_bytes, records.bytes,
      CASE WHEN ${isAlive(context)} THEN 1 ELSE 0 END AS is_alive
    FROM records WHERE records.shelf = ${shelf} AND records.id = ${id} ${context.dialect.forUpdate}`;
  if (row === undefined) return undefined;
  if (numberIn(row, "is_alive") === 0) {
    yield* removeFromShelf(
      shelf,
      sql`SELECT number, bytes, entries FROM records
      WHERE number = ${numberIn(row, "number")}`,
    );
    return undefined;
  }
  return {
    number: numberIn(row, "number"),
    version: numberIn(row, "version"),
    entries: numberIn(row, "entries"),
    nextPosition: numberIn(row, "next_position"),
    entryBytes: numberIn(row, "entry_bytes"),
    bytes: numberIn(row, "bytes"),
  };
}

function* removeEntry(
  { dialect: { now } }: JobContext,
  { number, version, bytes }: RecordRow,
  position: number,
): Procedure<Done | undefined> {
  const [entry] = yield sql`DELETE FROM record_entries WHERE record = ${number} AND position = ${position}
    RETURNING bytes`;
  const removed = entry && optionalNumberIn(entry, "bytes");
  if (removed === undefined) return undefined;
  yield sql`UPDATE records SET version = version + 1, updated_at = ${now}, entries = entries - 1,
      entry_bytes = entry_bytes - ${removed}, bytes = bytes - ${removed} WHERE number = ${number}`;
  return { number, version: version + 1, addedBytes: -removed, addedRecords: 0, bytes: bytes - removed };
}

/** Its entries and labels go with it. */
function* deleteRecord({ number, bytes }: RecordRow): Procedure<Done> {
  yield sql`DELETE FROM records WHERE number = ${number}`;
  return { number, version: 0, addedBytes: -bytes, addedRecords: -1, bytes: 0 };
}
