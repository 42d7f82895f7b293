import type { Collection } from "../records.ts";
import { type MemoryEntry, type MemoryRecord, nameOf } from "./memory-record.ts";

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
  made: Map<string, MemoryRecord>;
  written: Map<string, MemoryRecord>;
  bytes: number;
}

/** Records with what they are found by. */
export class RecordTable {
  readonly #shelves = new Map<string, OwnShelf>();
  readonly #due = new Map<string, MemoryRecord>();
  readonly #expiring = new Map<string, MemoryRecord>();
  /** By collection, owner and id of an entry. */
  readonly #entries = new Map<string, Map<MemoryEntry, string>>();
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
  entry(collection: Collection, owner: string, id: string): [MemoryEntry, string] | undefined {
    const found = [...(this.#entries.get(JSON.stringify([collection, owner, id])) ?? [])];
    return found.reduce<[MemoryEntry, string] | undefined>(
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
    this.#index(before, record);
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
    this.#index(record, undefined);
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
    for (const map of [this.#shelves, this.#due, this.#expiring, this.#entries]) map.clear();
  }

  #shelfOf(collection: Collection, owner: string): OwnShelf {
    const name = JSON.stringify([collection, owner]);
    const found = this.#shelves.get(name);
    if (found !== undefined) return found;
    const shelf = { collection, owner, made: new Map(), written: new Map(), bytes: 0 };
    this.#shelves.set(name, shelf);
    return shelf;
  }

  #index(before: MemoryRecord | undefined, after: MemoryRecord | undefined): void {
    const [old, list] = [before?.list ?? [], after?.list ?? []];
    let same = 0;
    while (same < old.length && old[same] === list[same]) same++;
    for (const entry of old.slice(same)) this.#forget(before, entry);
    for (const entry of list.slice(same)) this.#remember(after, entry);
  }

  #remember(record: MemoryRecord | undefined, entry: MemoryEntry): void {
    if (record === undefined || entry.id === undefined) return;
    const name = nameOf({ ...record.key, id: entry.id });
    const entries = this.#entries.get(name) ?? new Map<MemoryEntry, string>();
    this.#entries.set(name, entries.set(entry, record.key.id));
  }

  #forget(record: MemoryRecord | undefined, entry: MemoryEntry): void {
    if (record === undefined || entry.id === undefined) return;
    const name = nameOf({ ...record.key, id: entry.id });
    const entries = this.#entries.get(name);
    entries?.delete(entry);
    if (entries?.size === 0) this.#entries.delete(name);
  }
}

function setOrDelete<Value>(map: Map<string, Value>, name: string, value: Value | undefined): void {
  if (value === undefined) map.delete(name);
  else map.set(name, value);
}
