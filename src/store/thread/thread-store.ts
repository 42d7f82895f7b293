import type { StoreOptions } from "../options.ts";
import type { RecordStore } from "../records.ts";
import type { JobKind } from "../sql/jobs.ts";
import { createStoreHealth } from "./health.ts";
import type { ThreadJob, ThreadReply } from "./messages.ts";
import type { StoreThread } from "./store-thread.ts";
import { createRunJob, createThreadRecords } from "./thread-records.ts";

/** How often what has expired is looked for. */
const sweepEveryMs = 60_000;

export interface ThreadStore {
  readonly records: RecordStore;
  /** Writes something; the log is not told of what fails. Rejects as the records do. */
  open(): Promise<void>;
  /** The same, and the log is told. */
  probe(): Promise<void>;
  close(): Promise<void>;
}

/** A store in a database that a thread has open. Removes what has expired from time to time, from the first call on. */
export function createThreadStore(thread: StoreThread, options: StoreOptions): ThreadStore {
  const health = createStoreHealth(options.log);
  const runQuietly = createRunJob((_kind, toJob) => thread.run(toJob), options);
  let sweeper: ReturnType<typeof setInterval> | undefined;
  let sweeping = false;

  const post = async (kind: JobKind, toJob: (id: number) => ThreadJob): Promise<ThreadReply> => {
    if (sweeper === undefined) {
      sweeper = setInterval(() => void sweep(), sweepEveryMs).unref();
      void sweep();
    }
    return await health.watch(kind, thread.run(toJob));
  };
  /** Slice by slice, so that what clients wait for gets its turn between them. A failure is told by what clients ask. */
  const sweep = async () => {
    if (sweeping) return;
    sweeping = true;
    try {
      while (!(await runQuietly("sweep", null)));
    } catch {
      return;
    } finally {
      sweeping = false;
    }
  };
  const run = createRunJob(post, options);

  return {
    records: createThreadRecords(run),
    async probe() {
      await run("probe", null);
    },
    async open() {
      await runQuietly("probe", null);
    },
    async close() {
      clearInterval(sweeper);
      await thread.close();
    },
  };
}
