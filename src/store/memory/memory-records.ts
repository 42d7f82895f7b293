import { assertChanges } from "../assert-changes.ts";
import { cutoffOf, maxListed, type StoreOptions } from "../options.ts";
import type { ListOptions, Page, RecordKey, RecordStore } from "../records.ts";
import { sizeOfEntry } from "../record-size.ts";
import { maxPageBytes, maxReadBytes, tooLargeToRead } from "../room.ts";
import { makeRoom } from "./make-room.ts";
import { type MemoryRecord, toEntry, toHead, toWhole } from "./memory-record.ts";
import { planWrite } from "./plan.ts";
import { RecordTable } from "./record-table.ts";

export interface MemoryRecords extends RecordStore {
  /** Forgets all of them. */
  clear(): void;
}

/** Records that last as long as the process. */
export function createMemoryRecords(options: StoreOptions): MemoryRecords {
  const table = new RecordTable();
  let order = 0;
  const moment = () => ({ now: options.now(), nextOrder: () => ++order });
  const swept = (): RecordTable => {
    table.sweep(cutoffOf(options), options.now());
    return table;
  };
  const find = ({ collection, owner, id }: RecordKey) => swept().shelf(collection, owner)?.made.get(id);

  return {
    clear: () => table.clear(),
    async head(key) {
      const record = find(key);
      return record && toHead(record);
    },
    async read(key) {
      return chainOf(key, 1, find)?.at(0);
    },
    async entries(key, { order: direction, after, upTo = Infinity, limit }) {
      const record = find(key);
      if (record === undefined) return undefined;
      const inOrder = direction === "asc" ? record.list : record.list.toReversed();
      const isBehind = (position: number) =>
        after === undefined || (direction === "asc" ? position > after : position < after);
      const items = inOrder.filter(({ position }) => position <= upTo && isBehind(position));
      return pageOf(items.map(toEntry), limit, sizeOfEntry);
    },
    async findEntry(collections, owner, id) {
      const found = collections.flatMap((collection) => {
        const [entry, record] = swept().entry(collection, owner, id) ?? [];
        return entry === undefined || record === undefined
          ? []
          : [{ entry, key: { collection, owner, id: record } }];
      });
      const [newest] = found.toSorted((one, other) => other.entry.order - one.entry.order);
      return newest && { ...toEntry(newest.entry), key: newest.key };
    },
    async chain(key, limit) {
      return chainOf(key, limit, find)?.toReversed();
    },
    async list(asked) {
      return listOf(swept(), asked);
    },
    async write(changes) {
      assertChanges(changes);
      const plan = planWrite(changes, find, moment());
      if (plan.kind === "conflict") return plan;
      makeRoom(swept(), plan.steps, options);
      for (const { before, after } of plan.steps) {
        if (after !== undefined) table.set(after);
        else if (before !== undefined) table.delete(before);
      }
      return { kind: "written", versions: plan.versions };
    },
    async claim(collection, { leaseMs, limit }) {
      const now = options.now();
      const due = [...swept().due]
        .filter(({ key, dueAt = Infinity }) => key.collection === collection && dueAt <= now)
        .toSorted((one, other) => (one.dueAt ?? 0) - (other.dueAt ?? 0));
      return due.slice(0, Math.min(limit, maxListed)).map((record) => {
        const claimed = { ...record, version: record.version + 1, updatedAt: now, dueAt: now + leaseMs };
        table.set(claimed);
        return toHead(claimed);
      });
    },
  };
}

/** The record, its parent and so on. */
function chainOf(key: RecordKey, limit: number, find: (key: RecordKey) => MemoryRecord | undefined) {
  const records: MemoryRecord[] = [];
  let record = find(key);
  if (record === undefined) return undefined;
  let bytes = 0;
  while (record !== undefined && records.length < limit) {
    records.push(record);
    bytes += record.bytes;
    if (bytes > maxReadBytes) throw tooLargeToRead();
    record = record.parent === undefined ? undefined : find({ ...record.key, id: record.parent });
  }
  return records.map(toWhole);
}

function listOf(table: RecordTable, { collection, owner, labels = {}, order, ...page }: ListOptions) {
  const shelves = [...table.shelves].filter(
    (shelf) => shelf.collection === collection && (owner === undefined || shelf.owner === owner),
  );
  const all = shelves.flatMap(({ made }) => [...made.values()]);
  if (shelves.length > 1) all.sort((one, other) => one.order - other.order);
  if (order === "desc") all.reverse();
  const { after, afterOwner = owner } = page;
  const start =
    after === undefined ? 0 : 1 + all.findIndex(({ key }) => key.id === after && key.owner === afterOwner);
  if (after !== undefined && start === 0) return undefined;
  const wanted = Object.entries(labels);
  const items = all
    .slice(start)
    .filter((record) => wanted.every(([name, value]) => record.labels[name] === value));
  return pageOf(items.map(toHead), page.limit, ({ text }) => text.length);
}

/** As many of `items` as one page has. */
function pageOf<Item>(items: readonly Item[], limit: number, sizeOf: (item: Item) => number): Page<Item> {
  let bytes = 0;
  const page: Item[] = [];
  for (const item of items) {
    if (page.length >= Math.min(limit, maxListed) || bytes >= maxPageBytes) break;
    page.push(item);
    bytes += sizeOf(item);
  }
  return { items: page, hasMore: page.length < items.length };
}
