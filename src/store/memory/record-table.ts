import type { Collection } from "../records.ts";
import { type MemoryEntry, type MemoryRecord, nameOf } from "./memory-record.ts";

/** An entry, and the id of its record. */
type Found = readonly [MemoryEntry, record: string];

/** What one owner has of one collection. */
export interface Shelf {
  readonly collection: Collection;
  readonly owner: string;
  /** In the order in which they were made, by id. */
  readonly made: ReadonlyMap<string, MemoryRecord>;
  /** In the order of their last writes. */
  readonly written: ReadonlyMap<string, MemoryRecord>;
  readonly bytes: number;
}

interface OwnShelf extends Shelf {
  /** By their ids. */
  entries: Map<string, Found[]>;
  made: Map<string, MemoryRecord>;
  written: Map<string, MemoryRecord>;
  bytes: number;
}

/** Records with what they are found by. */
export class RecordTable {
  readonly #shelves = new Map<string, OwnShelf>();
  readonly #due = new Map<string, MemoryRecord>();
  readonly #expiring = new Map<string, MemoryRecord>();
  /** No record of its own time is gone before. */
  #firstExpiry = Infinity;

  get shelves(): Iterable<Shelf> {
    return this.#shelves.values();
  }

  get due(): Iterable<MemoryRecord> {
    return this.#due.values();
  }

  shelf(collection: Collection, owner: string): Shelf | undefined {
    return this.#shelves.get(JSON.stringify([collection, owner]));
  }

  /** The newest entry of that id, and the id of its record. */
  entry(collection: Collection, owner: string, id: string): Found | undefined {
    const found = this.#shelves.get(JSON.stringify([collection, owner]))?.entries.get(id) ?? [];
    return found.reduce<Found | undefined>(
      (newest, each) => (newest === undefined || each[0].order > newest[0].order ? each : newest),
      undefined,
    );
  }

  set(record: MemoryRecord): void {
    const { collection, owner, id } = record.key;
    const name = nameOf(record.key);
    const shelf = this.#shelfOf(collection, owner);
    const before = shelf.made.get(id);
    shelf.made.set(id, record);
    shelf.written.delete(id);
    shelf.written.set(id, record);
    shelf.bytes += record.bytes - (before?.bytes ?? 0);
    index(shelf.entries, before, record);
    setOrDelete(this.#due, name, record.dueAt === undefined ? undefined : record);
    setOrDelete(this.#expiring, name, record.expiresAt === undefined ? undefined : record);
    this.#firstExpiry = Math.min(this.#firstExpiry, record.expiresAt ?? Infinity);
  }

  delete(record: MemoryRecord): void {
    const { collection, owner, id } = record.key;
    const name = nameOf(record.key);
    const shelf = this.#shelves.get(JSON.stringify([collection, owner]));
    if (shelf === undefined || !shelf.made.delete(id)) return;
    shelf.written.delete(id);
    shelf.bytes -= record.bytes;
    if (shelf.made.size === 0) this.#shelves.delete(JSON.stringify([collection, owner]));
    index(shelf.entries, record, undefined);
    this.#due.delete(name);
    this.#expiring.delete(name);
  }

  /** Removes what was last written before `cutoff`, and what has expired by itself. */
  sweep(cutoff: number, now: number): void {
    for (const { written } of this.#shelves.values()) {
      for (const record of written.values()) {
        if (record.updatedAt >= cutoff) break;
        this.delete(record);
      }
    }
    if (now < this.#firstExpiry) return;
    this.#firstExpiry = Infinity;
    for (const record of this.#expiring.values()) {
      const { expiresAt = Infinity } = record;
      if (expiresAt <= now) this.delete(record);
      else this.#firstExpiry = Math.min(this.#firstExpiry, expiresAt);
    }
  }

  clear(): void {
    for (const map of [this.#shelves, this.#due, this.#expiring]) map.clear();
  }

  #shelfOf(collection: Collection, owner: string): OwnShelf {
    const name = JSON.stringify([collection, owner]);
    const found = this.#shelves.get(name);
    if (found !== undefined) return found;
    const shelf = { collection, owner, made: new Map(), written: new Map(), entries: new Map(), bytes: 0 };
    this.#shelves.set(name, shelf);
    return shelf;
  }
}

/** Entries of a record that stay are the same ones. */
function index(
  entries: Map<string, Found[]>,
  before: MemoryRecord | undefined,
  after: MemoryRecord | undefined,
): void {
  const [old, list] = [before?.list ?? [], after?.list ?? []];
  let same = 0;
  while (same < old.length && old[same] === list[same]) same++;
  for (let at = same; at < old.length; at++) forget(entries, old[at]);
  for (let at = same; at < list.length; at++) remember(entries, list[at], after?.key.id);
}

function remember(
  entries: Map<string, Found[]>,
  entry: MemoryEntry | undefined,
  record: string | undefined,
): void {
  if (entry?.id === undefined || record === undefined) return;
  const found = entries.get(entry.id);
  if (found === undefined) entries.set(entry.id, [[entry, record]]);
  else found.push([entry, record]);
}

function forget(entries: Map<string, Found[]>, entry: MemoryEntry | undefined): void {
  if (entry?.id === undefined) return;
  const others = entries.get(entry.id)?.filter(([each]) => each !== entry) ?? [];
  if (others.length === 0) entries.delete(entry.id);
  else entries.set(entry.id, others);
}

function setOrDelete<Value>(map: Map<string, Value>, name: string, value: Value | undefined): void {
  if (value === undefined) map.delete(name);
  else map.set(name, value);
}
