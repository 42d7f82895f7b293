import type { StoreOptions } from "../../../src/store/options.ts";
import type { Change, Collection, Entry, RecordKey, RecordStore } from "../../../src/store/records.ts";
import type { Store } from "../../../src/store/store.ts";

/** A fresh and empty store, and its clock. */
export interface RecordBed {
  store: Store;
  /** So much later; the clock goes on by itself besides. */
  advance: (milliseconds: number) => Promise<void>;
}

export type BedOptions = Partial<Omit<StoreOptions, "log" | "now">>;
export type OpenBed = (options: BedOptions) => Promise<RecordBed>;
export type Start = (
  options?: BedOptions,
) => Promise<{ records: RecordStore; advance: RecordBed["advance"] }>;

export type Put = Extract<Change, { kind: "put" }>;

export const second = 1_000;
export const hour = 3_600_000;

export function keyOf(id: string, owner = "", collection: Collection = "response"): RecordKey {
  return { collection, owner, id };
}

/** A change that makes a record, or goes on with it. */
export function put(key: RecordKey, more: Partial<Put> = {}): Change {
  return { kind: "put", key, expectedVersion: 0, ...more };
}

/** Entries of those texts, without ids. */
export function texts(...all: readonly string[]): Entry[] {
  return all.map((text) => ({ text }));
}

export function named(id: string, text: string): Entry[] {
  return [{ id, text }];
}

/** Ids of a collection's records, all owners', in the order of making. */
export async function idsOf(records: RecordStore, collection: Collection = "response"): Promise<string[]> {
  const page = await records.list({ collection, order: "asc", limit: 1_000 });
  return page?.items.map(({ key }) => key.owner + key.id) ?? [];
}
