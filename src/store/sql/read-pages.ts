import { maxListed } from "../options.ts";
import type { EntryOptions, ListOptions, Page, RecordKey, StoredEntry, StoredRecord } from "../records.ts";
import { maxPageBytes } from "../room.ts";
import { headColumns, isAlive, type JobContext, startOf } from "./context.ts";
import { shelfOf } from "./read-records.ts";
import { collectionIn, entryOf, headOf, numberIn, textIn } from "./rows.ts";
import { join, type Procedure, type Row, sql, type Statement } from "./statement.ts";

/** Undefined if there is no such record. */
export function* readEntries(
  context: JobContext,
  { key, options }: { key: RecordKey; options: EntryOptions },
): Procedure<Page<StoredEntry> | undefined> {
  const [record] = yield sql`SELECT records.number FROM records
    WHERE records.shelf = ${shelfOf(key)} AND records.id = ${key.id} AND ${isAlive(context)}`;
  if (record === undefined) return undefined;
  const {
    order,
    after = order === "asc" ? -1 : Number.MAX_SAFE_INTEGER,
    upTo = Number.MAX_SAFE_INTEGER,
  } = options;
  const from = sql`SELECT e.position AS number, e.bytes AS size FROM record_entries AS e
    WHERE e.record = ${numberIn(record, "number")} AND e.position <= ${upTo}
      AND ${isBehind(sql`e.position`, order, after)}
    ORDER BY e.position ${directionOf(order)}`;
  const rows = yield sql`${pageFrom(from, options)}
    SELECT e.position, e.id AS entry_id, page.is_in, CASE WHEN page.is_in = 1 THEN e.text END AS text
    FROM page JOIN record_entries AS e ON e.record = ${numberIn(record, "number")} AND e.position = page.number
    ORDER BY page.place`;
  return toPage(rows, entryOf);
}

/** Undefined when the record to begin behind is not there. */
export function* listRecords(
  context: JobContext,
  asked: ListOptions,
): Procedure<Page<StoredRecord> | undefined> {
  const { collection, owner, order, after, afterOwner = owner ?? "" } = asked;
  let start = order === "asc" ? 0 : Number.MAX_SAFE_INTEGER;
  if (after !== undefined) {
    const [record] = yield sql`SELECT records.number FROM records
      WHERE records.shelf = ${shelfOf({ collection, owner: afterOwner })} AND records.id = ${after} AND ${isAlive(context)}`;
    if (record === undefined) return undefined;
    start = numberIn(record, "number");
  }
  const rows = yield sql`${pageFrom(sql`${wanted(context, asked, start)}`, asked)}
    SELECT ${headColumns}, s.owner, s.collection, page.is_in, CASE WHEN page.is_in = 1 THEN records.text END AS text
    FROM page JOIN records ON records.number = page.number JOIN shelves AS s ON s.number = records.shelf
    ORDER BY page.place`;
  return toPage(rows, (row) => ({
    ...headOf(row, { collection: collectionIn(row), owner: textIn(row, "owner") }),
    text: textIn(row, "text"),
  }));
}

/** Numbers and sizes of the records of a list. An index has those of one label in their order. */
function wanted(
  context: JobContext,
  { collection, owner, labels = {}, order }: ListOptions,
  start: number,
): Statement {
  const shelf =
    owner === undefined
      ? sql`IN (SELECT number FROM shelves WHERE collection = ${collection})`
      : sql`= ${shelfOf({ collection, owner })}`;
  const [first, ...others] = Object.entries(labels).map(
    ([name, value]) =>
      sql`l.name = ${name} AND ${startOf(sql`l.value`)} = ${startOf(sql`${value}`)} AND l.value = ${value}`,
  );
  const also = others.map(
    (label) =>
      sql` AND EXISTS (SELECT 1 FROM record_labels AS l WHERE l.record = records.number AND ${label})`,
  );
  const [from, number] =
    first === undefined
      ? [sql`records WHERE records.shelf ${shelf}`, sql`records.number`]
      : [
          sql`record_labels AS l CROSS JOIN records WHERE l.shelf ${shelf} AND ${first} AND records.number = l.record`,
          sql`l.record`,
        ];
  return sql`SELECT records.number, records.bytes - records.entry_bytes AS size FROM ${from}
    AND ${isBehind(number, order, start)} AND ${isAlive(context)}${join(also, "")}
    ORDER BY ${number} ${directionOf(order)}`;
}

function isBehind(number: Statement, order: "asc" | "desc", start: number): Statement {
  return order === "asc" ? sql`${number} > ${start}` : sql`${number} < ${start}`;
}

function directionOf(order: "asc" | "desc"): Statement {
  return order === "asc" ? sql`ASC` : sql`DESC`;
}

/** The first of `from`, which has a `number` and a `size`, and of each whether it is in the page or only behind it. */
function pageFrom(from: Statement, { limit, order }: Pick<ListOptions, "limit" | "order">): Statement {
  const most = Math.min(limit, maxListed);
  return sql`WITH sized AS (${from} LIMIT ${most + 1}), placed AS (
      SELECT number, row_number() OVER o AS place, sum(size) OVER o - size AS before
      FROM sized WINDOW o AS (ORDER BY number ${directionOf(order)})
    ), page AS (
      SELECT number, place, CASE WHEN place <= ${most} AND before < ${maxPageBytes} THEN 1 ELSE 0 END AS is_in FROM placed
    )`;
}

function toPage<Item>(rows: readonly Row[], toItem: (row: Row) => Item): Page<Item> {
  const inPage = rows.filter((row) => numberIn(row, "is_in") === 1);
  return { items: inPage.map(toItem), hasMore: inPage.length < rows.length };
}
