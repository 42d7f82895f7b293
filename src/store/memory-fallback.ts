import type { Log } from "../core/log.ts";
import type { Store } from "./store.ts";
import { reasonOf } from "./unavailable.ts";

/** `store`, or one in memory if it cannot be opened, which the log is told: for a store that nobody asked for. */
export function withMemoryFallback(store: Store, { memory, log }: { memory: () => Store; log: Log }): Store {
  let current = store;
  let isOpen = false;
  return {
    conversations: {
      read: (key) => current.conversations.read(key),
      write: (write) => current.conversations.write(write),
      list: (options) => current.conversations.list(options),
      delete: (key) => current.conversations.delete(key),
    },
    records: {
      head: (key) => current.records.head(key),
      read: (key) => current.records.read(key),
      entries: (key, options) => current.records.entries(key, options),
      findEntry: (collections, owner, id) => current.records.findEntry(collections, owner, id),
      chain: (key, limit) => current.records.chain(key, limit),
      list: (options) => current.records.list(options),
      write: (changes) => current.records.write(changes),
      claim: (collection, options) => current.records.claim(collection, options),
    },
    async open() {
      if (isOpen) return;
      try {
        await store.open();
      } catch (error) {
        log.warn(
          "What is stored is kept in memory and lost at the end: the usual store cannot be used; --store names another",
          { cause: reasonOf(error) },
        );
        current = memory();
      }
      isOpen = true;
    },
    probe: () => current.probe(),
    async close() {
      await Promise.all([store.close(), current.close()]);
    },
  };
}
