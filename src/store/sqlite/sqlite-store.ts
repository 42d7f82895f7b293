import { startWorker } from "../../core/start-worker.ts";
import type { StoreLocation } from "../location.ts";
import type { StoreOptions } from "../options.ts";
import type { Store } from "../store.ts";
import { createStoreThread } from "../thread/store-thread.ts";
import { createThreadStore } from "../thread/thread-store.ts";

/**
 * A store in a file, read and written in a thread of its own that starts with the first call. What was written survives
 * the process at once. Several processes may share a file.
 */
export function createSqliteStore(
  { path, durability }: Extract<StoreLocation, { kind: "sqlite" }>,
  options: StoreOptions,
): Store {
  const thread = createStoreThread(["open", path, durability], () => startWorker("store/sqlite/worker.ts"));
  return createThreadStore(thread, options);
}
