import type { RecordKey } from "../records.ts";
import { ageOf, type JobContext } from "./context.ts";
import { numberIn } from "./rows.ts";
import { type Procedure, sql, type Statement } from "./statement.ts";

/** What one owner has of one collection. */
type ShelfName = Omit<RecordKey, "id">;

/** Numbers of shelves that this transaction alone may change. */
export type Shelves = ReadonlyMap<string, number>;

export function shelfName({ collection, owner }: ShelfName): string {
  return JSON.stringify([owner, collection]);
}

/**
 * Makes the shelves of `keys`, where they are not there, and has others wait for them; in one order, so that no two
 * transactions wait for each other.
 */
export function* lockShelves(keys: readonly ShelfName[]): Procedure<Shelves> {
  const names = new Map(keys.map((key) => [shelfName(key), key]));
  const shelves = new Map<string, number>();
  for (const [name, { owner, collection }] of [...names].toSorted(([one], [other]) =>
    one < other ? -1 : 1,
  )) {
    const [shelf] = yield sql`INSERT INTO shelves (owner, collection, record_count, bytes)
      VALUES (${owner}, ${collection}, 0, 0)
      ON CONFLICT (owner, collection) DO UPDATE SET record_count = shelves.record_count RETURNING number`;
    shelves.set(name, numberIn(shelf, "number"));
  }
  return shelves;
}

/** What a shelf has more. */
export interface ShelfChange {
  records: number;
  bytes: number;
}

/** Counts what was done; resolves to the number of records that the shelf has now. */
export function* countOnShelf(shelf: number, { records, bytes }: ShelfChange): Procedure<number> {
  const [counted] =
    yield sql`UPDATE shelves SET record_count = record_count + ${records}, bytes = bytes + ${bytes}
    WHERE number = ${shelf} RETURNING record_count`;
  return numberIn(counted, "record_count");
}

/** Most that is removed in one go, in bytes, each entry being some: a few hundredths of a second. */
const bytesASlice = 33_554_432;
const bytesAnEntry = 256;

/**
 * Removes the first of a shelf's records, which `candidates` gives with their `number`, `bytes` and `entries`; at least
 * one if there is one, and how many.
 */
export function* removeFromShelf(shelf: number, candidates: Statement): Procedure<ShelfChange> {
  const removed = { records: 0, bytes: 0 };
  let cost = 0;
  for (const row of yield candidates) {
    if (cost > bytesASlice) break;
    yield sql`DELETE FROM records WHERE number = ${numberIn(row, "number")}`;
    removed.records++;
    removed.bytes += numberIn(row, "bytes");
    cost += numberIn(row, "bytes") + bytesAnEntry * numberIn(row, "entries");
  }
  if (removed.records > 0) yield* countOnShelf(shelf, { records: -removed.records, bytes: -removed.bytes });
  return removed;
}

/** Removes up to `most` of a shelf's records that have expired; how many. */
export function* removeExpired(context: JobContext, shelf: number, most: number): Procedure<number> {
  const { records } = yield* removeFromShelf(shelf, expired(context, { shelf, most }));
  return records;
}

/** The `+` has the few that have ended found by their index, instead of all of the shelf looked at. */
function expired(
  { dialect: { now }, expireMs }: JobContext,
  { shelf, most }: { shelf: number; most: number },
): Statement {
  return sql`SELECT number, bytes, entries FROM (
      SELECT number, bytes, entries FROM records
      WHERE shelf = ${shelf} AND updated_at < ${now} - ${ageOf(expireMs)} ORDER BY updated_at LIMIT ${most}) AS old
    UNION SELECT number, bytes, entries FROM (
      SELECT number, bytes, entries FROM records WHERE +shelf = ${shelf} AND expires_at <= ${now} LIMIT ${most}) AS ended`;
}
