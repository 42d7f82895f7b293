import type { Change, RecordKey, StoredEntry, StoredRecord, WholeRecord } from "../records.ts";
import { sizeOfEntries, sizeOfEntry, sizeOfHead } from "../record-size.ts";

export interface MemoryEntry extends StoredEntry {
  /** Grows over all entries of all records. */
  readonly order: number;
}

/** A record as it is at some version; it is replaced and never changed. */
export interface MemoryRecord extends Omit<StoredRecord, "entries"> {
  readonly list: readonly MemoryEntry[];
  readonly nextPosition: number;
  readonly bytes: number;
  /** Grows with each record that is made. */
  readonly order: number;
}

export interface Moment {
  now: number;
  /** Numbers that grow. */
  nextOrder(): number;
}

type Put = Extract<Change, { kind: "put" }>;
type Removal = Extract<Change, { kind: "remove-entry" }>;

/** Undefined where it would keep more entries than there are. */
export function put(before: MemoryRecord | undefined, change: Put, moment: Moment): MemoryRecord | undefined {
  const { key, append = [], labels = before?.labels ?? {}, text = before?.text ?? "" } = change;
  const list = before?.list ?? [];
  const keep = change.keep ?? list.length;
  if (keep > list.length) return undefined;
  const position = before?.nextPosition ?? 0;
  const appended = append.map((entry, index) => ({
    ...entry,
    position: position + index,
    order: moment.nextOrder(),
  }));
  const parent = change.parent ?? before?.parent;
  const expiresAt = timeOf(before?.expiresAt, change.expireInMs, moment.now);
  const dueAt = timeOf(before?.dueAt, change.dueInMs, moment.now);
  const entryBytes = (before === undefined ? 0 : before.bytes - headBytes(before)) + sizeOfEntries(append);
  return {
    key: before?.key ?? { collection: key.collection, owner: key.owner, id: key.id },
    version: (before?.version ?? 0) + 1,
    createdAt: before?.createdAt ?? moment.now,
    updatedAt: moment.now,
    ...(parent !== undefined && { parent }),
    ...(expiresAt !== undefined && { expiresAt }),
    ...(dueAt !== undefined && { dueAt }),
    labels: { ...labels },
    text,
    list: [...list.slice(0, keep), ...appended],
    nextPosition: position + append.length,
    bytes: sizeOfHead(text, labels) + entryBytes - sizeOfEntries(list.slice(keep)),
    order: before?.order ?? moment.nextOrder(),
  };
}

/** Undefined where there is no entry at that place. */
export function removeEntry(
  before: MemoryRecord,
  { position }: Removal,
  now: number,
): MemoryRecord | undefined {
  const index = before.list.findIndex((entry) => entry.position === position);
  const entry = before.list[index];
  if (entry === undefined) return undefined;
  return {
    ...before,
    version: before.version + 1,
    updatedAt: now,
    list: before.list.toSpliced(index, 1),
    bytes: before.bytes - sizeOfEntry(entry),
  };
}

export function toHead({
  list,
  nextPosition: _n,
  bytes: _b,
  order: _o,
  ...head
}: MemoryRecord): StoredRecord {
  return { ...head, key: { ...head.key }, labels: { ...head.labels }, entries: list.length };
}

export function toWhole(record: MemoryRecord): WholeRecord {
  return { ...toHead(record), list: record.list.map(toEntry) };
}

export function toEntry({ order: _order, ...entry }: MemoryEntry): StoredEntry {
  return entry;
}

export function nameOf({ collection, owner, id }: RecordKey): string {
  return JSON.stringify([collection, owner, id]);
}

function headBytes({ text, labels }: MemoryRecord): number {
  return sizeOfHead(text, labels);
}

function timeOf(
  before: number | undefined,
  inMs: number | null | undefined,
  now: number,
): number | undefined {
  if (inMs === undefined) return before;
  return inMs === null ? undefined : now + inMs;
}
