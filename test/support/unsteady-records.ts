import { ServeError } from "../../src/core/error.ts";
import type { RecordStore } from "../../src/store/records.ts";

/** What befalls a write: it is refused, or made without anybody hearing of it. */
export type Fate = "refused" | "unheard" | undefined;

/** A store whose connection is as good as `fate` says, before each write. */
export function unsteadyRecords(records: RecordStore, fate: () => Fate): RecordStore {
  return {
    head: (key) => records.head(key),
    read: (key) => records.read(key),
    entries: (key, options) => records.entries(key, options),
    findEntry: (collections, owner, id) => records.findEntry(collections, owner, id),
    chain: (key, limit) => records.chain(key, limit),
    list: (options) => records.list(options),
    async write(changes) {
      const befalls = fate();
      if (befalls === "refused") throw unreachable();
      const result = await records.write(changes);
      if (befalls === "unheard") throw unreachable();
      return result;
    },
    async claim(collection, options) {
      if (fate() !== undefined) throw unreachable();
      return await records.claim(collection, options);
    },
  };
}

function unreachable(): ServeError {
  return new ServeError("unavailable", "The store cannot be reached.", { code: "store_unavailable" });
}
