import type { Log } from "../core/log.ts";
import { readStoreUrl } from "./location.ts";
import { createMemoryStore } from "./memory/memory-store.ts";
import type { StoreOptions } from "./options.ts";
import { createSqliteStore } from "./sqlite/sqlite-store.ts";
import { createPostgresStore } from "./postgres/postgres-store.ts";
import type { Store } from "./store.ts";

/** Records of a collection that one owner may have unless told otherwise. */
const standardPerOwner = 100_000;
/** Of all records together, likewise. */
const standardBytes = { memory: 268_435_456, sqlite: 1_073_741_824, postgres: 8_589_934_592 };

export interface CreateStoreOptions extends Partial<Omit<StoreOptions, "log" | "maxTotalBytes">> {
  /** Undefined for what is usual for the kind of store: 256 MiB in memory, 1 GiB in a file, 8 GiB in PostgreSQL. */
  maxTotalBytes?: () => number | undefined;
}

/**
 * The store that `url` names: `memory:`, `sqlite:PATH` or `postgres://…`. Does no I/O: a file or a database is
 * opened when it is first asked for something, and what is wrong with it fails what asks. Throws `ConfigError` for a URL that names no store.
 */
export function createStore(url: string, log: Log, options: CreateStoreOptions = {}): Store {
  const location = readStoreUrl(url);
  const complete: StoreOptions = {
    expireMs: () => 0,
    maxPerOwner: () => standardPerOwner,
    now: Date.now,
    ...options,
    maxTotalBytes: () => options.maxTotalBytes?.() ?? standardBytes[location.kind],
    log,
  };
  switch (location.kind) {
    case "memory":
      return createMemoryStore(complete);
    case "sqlite":
      return createSqliteStore(location, complete);
    case "postgres":
      return createPostgresStore(location, complete);
  }
}
