import type { Log } from "../core/log.ts";
import type { RecordStore } from "./records.ts";
import type { Store } from "./store.ts";
import { reasonOf } from "./unavailable.ts";

/**
 * `store`, or one in memory if it cannot be opened when it is first needed, which the log is told: for a store that nobody
 * asked for.
 */
export function withMemoryFallback(store: Store, { memory, log }: { memory: () => Store; log: Log }): Store {
  let opened: Promise<Store> | undefined;
  const open = async () => {
    try {
      await store.open();
      return store;
    } catch (error) {
      log.warn(
        "What is stored is kept in memory and lost at the end: the usual store cannot be used; --store names another",
        { cause: reasonOf(error) },
      );
      return memory();
    }
  };
  const current = () => (opened ??= open());
  return {
    records: deferRecords(async () => (await current()).records),
    async open() {
      await current();
    },
    async probe() {
      // Nothing is wrong with what nobody has needed yet.
      await (await opened)?.probe();
    },
    async close() {
      const used = await opened;
      await Promise.all([store.close(), used?.close()]);
    },
  };
}

function deferRecords(current: () => Promise<RecordStore>): RecordStore {
  return {
    head: async (key) => (await current()).head(key),
    read: async (key) => (await current()).read(key),
    entries: async (key, options) => (await current()).entries(key, options),
    findEntry: async (collections, owner, id) => (await current()).findEntry(collections, owner, id),
    chain: async (key, limit) => (await current()).chain(key, limit),
    list: async (options) => (await current()).list(options),
    write: async (changes) => (await current()).write(changes),
    claim: async (collection, options) => (await current()).claim(collection, options),
  };
}
