import type { StoreOptions } from "../options.ts";
import type { Store } from "../store.ts";
import { createMemoryRecords } from "./memory-records.ts";

/** A store that lasts as long as the process. */
export function createMemoryStore(options: StoreOptions): Store {
  const records = createMemoryRecords(options);
  return {
    records,
    async open() {},
    async probe() {},
    async close() {
      records.clear();
    },
  };
}
