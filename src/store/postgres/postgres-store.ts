import { startWorker } from "../../core/start-worker.ts";
import type { StoreOptions } from "../options.ts";
import type { Store } from "../store.ts";
import {
  createStoreThread,
  isUnreachable,
  standardLimits,
  type StoreThreadLimits,
} from "../thread/store-thread.ts";
import { createThreadStore } from "../thread/thread-store.ts";
import type { PostgresLocation } from "./read-url.ts";

/** A server that says nothing is given up after this long; longer than it may take for what it does. */
const postgresLimits: StoreThreadLimits = { ...standardLimits, jobMs: 10_000 };

/**
 * A store in a schema of a PostgreSQL database, which several processes may share. A thread of its own, which starts
 * with the first call, has the connections: large texts hold nobody else up. What was written is on the database's disk.
 * A database that cannot be reached when the store is opened may be reached later.
 */
export function createPostgresStore(
  location: PostgresLocation,
  options: StoreOptions,
  limits: StoreThreadLimits = postgresLimits,
): Store {
  const thread = createStoreThread(["open", JSON.stringify(location)], startThread, limits);
  const store = createThreadStore(thread, options);
  return {
    ...store,
    async open() {
      try {
        await store.open();
      } catch (error) {
        if (!isUnreachable(error)) throw error;
        // The log is told, and again when it works.
        await store.probe().catch(() => {});
      }
    },
  };
}

function startThread(): Worker {
  return startWorker("store/postgres/worker.ts");
}
