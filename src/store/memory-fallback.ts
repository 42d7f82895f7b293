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
    async open() {
      if (isOpen) return;
      try {
        await store.open();
      } catch (error) {
        log.warn(
          "Conversations are kept in memory and lost at the end: the usual store cannot be used; --store names another",
          { cause: reasonOf(error) },
        );
        current = memory();
      }
      isOpen = true;
    },
    async close() {
      await Promise.all([store.close(), current.close()]);
    },
  };
}
