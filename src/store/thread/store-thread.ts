import { ServeError } from "../../core/error.ts";
import { storeUnavailable } from "../unavailable.ts";
import type { ThreadJob, ThreadOpening, ThreadReply } from "./messages.ts";

/** The thread that has the database open, seen from the outside. */
export interface StoreThread {
  /**
   * What the thread replies to the job that `toJob` makes for an id. Rejects with `unavailable` (`store_unavailable`)
   * when the database cannot be used, the thread does not answer, or too much waits for it already.
   */
  run(toJob: (id: number) => ThreadJob): Promise<ThreadReply>;
  close(): Promise<void>;
}

export interface StoreThreadLimits {
  /** A job that takes longer ends the thread. */
  jobMs: number;
  /** Jobs that wait at once, and the characters in them. */
  maxJobs: number;
  maxCharacters: number;
  /** After a thread was lost, none is started for so long. */
  pauseMs: number;
}

/** Of a store in a file. */
export const standardLimits: StoreThreadLimits = {
  jobMs: 15_000,
  maxJobs: 4_096,
  maxCharacters: 134_217_728,
  pauseMs: 1_000,
};

interface Pending {
  characters: number;
  timer: ReturnType<typeof setTimeout>;
  resolve(reply: ThreadReply): void;
  reject(reason: unknown): void;
}

/** Why a database cannot be used now: that is not its configuration's fault, and may pass. */
class StoreUnreachable extends Error {
  override readonly name = "StoreUnreachable";
}

/** Whether a call failed only because the database is not there now. */
export function isUnreachable(error: unknown): boolean {
  return error instanceof Error && error.cause instanceof StoreUnreachable;
}

/** Starts nothing before the first job; `start` is called again when a thread was lost. */
export function createStoreThread(
  opening: ThreadOpening,
  start: () => Worker,
  limits: StoreThreadLimits = standardLimits,
): StoreThread {
  const pending = new Map<number, Pending>();
  let worker: Worker | undefined;
  let characters = 0;
  let lastId = 0;
  let lostAt = -Infinity;
  let isClosed = false;

  const take = (id: number): Pending | undefined => {
    const job = pending.get(id);
    if (job === undefined) return undefined;
    pending.delete(id);
    characters -= job.characters;
    clearTimeout(job.timer);
    return job;
  };
  const drop = (reason: unknown) => {
    worker?.terminate();
    worker = undefined;
    for (const id of pending.keys()) take(id)?.reject(storeUnavailable(reason));
  };
  const lose = (reason: unknown) => {
    lostAt = performance.now();
    drop(reason);
  };
  const receive = (reply: ThreadReply) => {
    const job = take(reply[1]);
    if (reply[0] === "failed") job?.reject(storeUnavailable(reply[2]));
    else if (reply[0] === "unreachable")
      job?.reject(storeUnavailable(new StoreUnreachable(String(reply[2]))));
    else job?.resolve(reply);
  };
  const begin = (): Worker => {
    if (performance.now() - lostAt < limits.pauseMs) throw new Error("The store's thread was lost just now.");
    const started = start();
    const isCurrent = () => worker === started;
    started.addEventListener("message", (event: MessageEvent<ThreadReply>) => {
      if (isCurrent()) receive(event.data);
    });
    started.addEventListener("error", (event) => isCurrent() && lose(event.message));
    started.addEventListener("close", () => isCurrent() && lose("The store's thread ended."));
    started.unref();
    started.postMessage(opening, []);
    return started;
  };

  const post = async (id: number, job: ThreadJob): Promise<ThreadReply> => {
    const size = sizeOf(job);
    const target = (worker ??= begin());
    const { promise, resolve, reject } = Promise.withResolvers<ThreadReply>();
    const timer = setTimeout(() => lose(`The store did not answer in ${limits.jobMs} ms.`), limits.jobMs);
    pending.set(id, { characters: size, timer, resolve, reject });
    characters += size;
    target.postMessage(job, []);
    return await promise;
  };

  return {
    async run(toJob) {
      try {
        if (isClosed) throw new Error("The store is closed.");
        const id = ++lastId;
        const job = toJob(id);
        if (pending.size >= limits.maxJobs || characters + sizeOf(job) > limits.maxCharacters) {
          throw new Error("Too much waits for the store.");
        }
        return await post(id, job);
      } catch (error) {
        throw error instanceof ServeError ? error : storeUnavailable(error);
      }
    },
    async close() {
      if (isClosed) return;
      isClosed = true;
      const id = ++lastId;
      // A thread that does not answer any more is ended all the same.
      if (worker !== undefined) await post(id, ["close", id]).catch(() => undefined);
      drop("The store is closed.");
    },
  };
}

/** Characters of a job. */
function sizeOf(job: ThreadJob): number {
  return job.reduce<number>((sum, each) => sum + (typeof each === "string" ? each.length : 0), 0);
}
