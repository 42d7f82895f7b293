import type { Collection, RecordKey, StoredEntry, StoredRecord, WholeRecord } from "../records.ts";
import { maxReadBytes, tooLargeToRead } from "../room.ts";
import { headColumns, isAlive, type JobContext, startOf } from "./context.ts";
import { entryOf, headOf, numberIn, textIn } from "./rows.ts";
import { type Procedure, sql, type Statement } from "./statement.ts";

/** The shelf of an owner's collection: its number. */
export function shelfOf({ collection, owner }: Omit<RecordKey, "id">): Statement {
  return sql`(SELECT number FROM shelves WHERE owner = ${owner} AND collection = ${collection})`;
}

export function* readHead(context: JobContext, key: RecordKey): Procedure<StoredRecord | undefined> {
  const [row] = yield sql`SELECT ${headColumns}, records.text FROM records
    WHERE records.shelf = ${shelfOf(key)} AND records.id = ${key.id} AND ${isAlive(context)}`;
  return row && { ...headOf(row, key), text: textIn(row, "text") };
}

/** The record, its parent and so on, the oldest first, with their entries; in one query. */
export function* readChain(
  context: JobContext,
  { key, limit }: { key: RecordKey; limit: number },
): Procedure<readonly WholeRecord[]> {
  const rows = yield sql`WITH RECURSIVE chain (number, depth, bytes) AS (
      SELECT records.number, 1, records.bytes FROM records
        WHERE records.shelf = ${shelfOf(key)} AND records.id = ${key.id} AND ${isAlive(context)}
      UNION ALL
      SELECT records.number, chain.depth + 1, chain.bytes + records.bytes
        FROM chain
        JOIN records AS child ON child.number = chain.number
        JOIN records ON records.shelf = child.shelf AND records.id = child.parent
        WHERE chain.depth < ${limit} AND chain.bytes <= ${maxReadBytes} AND ${isAlive(context)}
    ), size (bytes) AS (SELECT max(bytes) FROM chain)
    SELECT chain.depth, -1 AS position, NULL AS entry_id, size.bytes, ${headColumns},
      CASE WHEN size.bytes <= ${maxReadBytes} THEN records.text END AS text
      FROM chain JOIN records ON records.number = chain.number CROSS JOIN size
    UNION ALL
    SELECT chain.depth, e.position, e.id, size.bytes, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, e.text
      FROM chain JOIN record_entries AS e ON e.record = chain.number CROSS JOIN size
      WHERE size.bytes <= ${maxReadBytes}
    ORDER BY 1 DESC, 2`;
  if (numberIn(rows[0], "bytes") > maxReadBytes) throw tooLargeToRead();
  const records: (WholeRecord & { list: StoredEntry[] })[] = [];
  for (const row of rows) {
    if (numberIn(row, "position") >= 0) records.at(-1)?.list.push(entryOf(row));
    else records.push({ ...headOf(row, key), text: textIn(row, "text"), list: [] });
  }
  return records;
}

/** The newest entry of that id in any of the collections. */
export function* findEntry(
  context: JobContext,
  { collections, owner, id }: { collections: readonly Collection[]; owner: string; id: string },
): Procedure<(StoredEntry & { key: RecordKey }) | undefined> {
  let newest: { number: number; entry: StoredEntry & { key: RecordKey } } | undefined;
  for (const collection of collections) {
    const [row] = yield sql`SELECT e.number, e.position, e.id AS entry_id, e.text, records.id
      FROM record_entries AS e JOIN records ON records.number = e.record
      WHERE e.shelf = ${shelfOf({ collection, owner })} AND ${startOf(sql`e.id`)} = ${startOf(sql`${id}`)}
        AND e.id = ${id} AND ${isAlive(context)}
      ORDER BY e.number DESC LIMIT 1`;
    const number = numberIn(row, "number");
    if (row === undefined || number < (newest?.number ?? 0)) continue;
    newest = { number, entry: { ...entryOf(row), key: { collection, owner, id: textIn(row, "id") } } };
  }
  return newest?.entry;
}
