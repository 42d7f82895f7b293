import type { Change, Entry } from "../records.ts";
import { sizeOfEntries, sizeOfEntry, sizeOfHead } from "../record-size.ts";
import type { JobContext } from "./context.ts";
import type { Done, RecordRow } from "./record-row.ts";
import { numberIn } from "./rows.ts";
import { join, type Procedure, sql, type Statement } from "./statement.ts";

type Put = Extract<Change, { kind: "put" }>;

/** Where a record is to be. */
interface Place {
  shelf: number;
  /** Absent for a new record. */
  before: RecordRow | undefined;
}

/** Entries written in one statement: few forms of it, which the database knows then. */
const rowsAStatement = [64, 16, 4, 2, 1] as const;
const charactersAStatement = 4_194_304;

export function* putRecord(context: JobContext, change: Put, place: Place): Procedure<Done> {
  const { before } = place;
  const { append = [] } = change;
  const { keep = before?.entries ?? 0 } = change;
  const cut = before !== undefined && keep < before.entries ? yield* cutEntries(before, keep) : 0;
  const entryBytes = (before?.entryBytes ?? 0) - cut + sizeOfEntries(append);
  const headBytes =
    before === undefined || change.text !== undefined || change.labels !== undefined
      ? yield* sizeHead(change, before)
      : before.bytes - before.entryBytes;
  const row = { entries: keep + append.length, entryBytes, bytes: headBytes + entryBytes };
  const number =
    before === undefined
      ? yield* insert(context, change, { shelf: place.shelf, ...row })
      : yield* update(context, change, { before, ...row });
  if (change.labels !== undefined) yield* writeLabels(change.labels, { ...place, number });
  yield* writeEntries(append, { shelf: place.shelf, record: number, position: before?.nextPosition ?? 0 });
  return {
    number,
    version: (before?.version ?? 0) + 1,
    addedBytes: row.bytes - (before?.bytes ?? 0),
    addedRecords: before === undefined ? 1 : 0,
    bytes: row.bytes,
  };
}

/** Removes what is behind the first entries; its bytes. */
function* cutEntries({ number }: RecordRow, keep: number): Procedure<number> {
  const removed = yield sql`DELETE FROM record_entries WHERE number IN (
      SELECT number FROM record_entries WHERE record = ${number}
      ORDER BY position LIMIT ${Number.MAX_SAFE_INTEGER} OFFSET ${keep}) RETURNING bytes`;
  return removed.reduce((sum, row) => sum + numberIn(row, "bytes"), 0);
}

/** What a change leaves out counts as it stands there. */
function* sizeHead({ text, labels }: Put, before: RecordRow | undefined): Procedure<number> {
  if (before === undefined) return sizeOfHead(text ?? "", labels ?? {});
  if (text !== undefined && labels !== undefined) return sizeOfHead(text, labels);
  const [row] =
    yield sql`SELECT labels${text === undefined ? sql`, text` : sql``} FROM records WHERE number = ${before.number}`;
  const stored: Record<string, string> = JSON.parse(String(row?.["labels"] ?? "{}"));
  return sizeOfHead(text ?? String(row?.["text"] ?? ""), labels ?? stored);
}

interface Sizes {
  entries: number;
  entryBytes: number;
  bytes: number;
}

function* insert(
  { dialect: { now } }: JobContext,
  { key, text = "", labels = {}, parent, ...change }: Put,
  { shelf, entries, entryBytes, bytes }: Sizes & { shelf: number },
): Procedure<number> {
  const [row] =
    yield sql`INSERT INTO records (shelf, id, version, created_at, updated_at, expires_at, parent, labels,
      due_at, entries, next_position, entry_bytes, bytes, text)
    VALUES (${shelf}, ${key.id}, 1, ${now}, ${now}, ${timeIn(now, change.expireInMs)}, ${parent ?? null},
      ${JSON.stringify(labels)}, ${timeIn(now, change.dueInMs)}, ${entries}, ${entries}, ${entryBytes}, ${bytes}, ${text})
    RETURNING number`;
  return numberIn(row, "number");
}

function* update(
  { dialect: { now } }: JobContext,
  { text, labels, parent, append = [], ...change }: Put,
  { before, entries, entryBytes, bytes }: Sizes & { before: RecordRow },
): Procedure<number> {
  const others = [
    ...(text === undefined ? [] : [sql`text = ${text}`]),
    ...(labels === undefined ? [] : [sql`labels = ${JSON.stringify(labels)}`]),
    ...(parent === undefined ? [] : [sql`parent = ${parent}`]),
    ...(change.expireInMs === undefined ? [] : [sql`expires_at = ${timeIn(now, change.expireInMs)}`]),
    ...(change.dueInMs === undefined ? [] : [sql`due_at = ${timeIn(now, change.dueInMs)}`]),
  ];
  yield sql`UPDATE records SET ${join([sql`version = version + 1, updated_at = ${now}, entries = ${entries}`, ...others], ", ")},
      next_position = next_position + ${append.length}, entry_bytes = ${entryBytes}, bytes = ${bytes}
    WHERE number = ${before.number}`;
  return before.number;
}

function timeIn(now: Statement, milliseconds: number | null | undefined): Statement {
  return milliseconds == null ? sql`NULL` : sql`${now} + ${milliseconds}`;
}

function* writeLabels(
  labels: Readonly<Record<string, string>>,
  { shelf, before, number }: Place & { number: number },
): Procedure<void> {
  if (before !== undefined) yield sql`DELETE FROM record_labels WHERE record = ${number}`;
  for (const [name, value] of Object.entries(labels)) {
    yield sql`INSERT INTO record_labels (record, shelf, name, value) VALUES (${number}, ${shelf}, ${name}, ${value})`;
  }
}

function* writeEntries(
  entries: readonly Entry[],
  { shelf, record, position }: { shelf: number; record: number; position: number },
): Procedure<void> {
  let next = 0;
  while (next < entries.length) {
    const rows = entries.slice(next, next + rowsFrom(entries, next));
    const values = rows.map(
      (entry, index) =>
        sql`(${record}, ${shelf}, ${position + next + index}, ${entry.id ?? null}, ${sizeOfEntry(entry)}, ${entry.text})`,
    );
    yield sql`INSERT INTO record_entries (record, shelf, position, id, bytes, text) VALUES ${join(values, ", ")}`;
    next += rows.length;
  }
}

/** How many entries go into the next statement. */
function rowsFrom(entries: readonly Entry[], start: number): number {
  const fitting = rowsAStatement.find((rows) => {
    if (start + rows > entries.length) return false;
    const characters = entries.slice(start, start + rows).reduce((sum, { text }) => sum + text.length, 0);
    return characters <= charactersAStatement;
  });
  return fitting ?? 1;
}
