import { ServeError } from "../../../core/error.ts";
import type { JsonSchema } from "../../../core/generation.ts";
import { startWorker } from "../../../core/start-worker.ts";
import { isSmall } from "../../../json-schema/bounds.ts";
import { createInstanceThread, type InstanceThread } from "./thread.ts";

export interface InstanceMaker {
  /**
   * The JSON text of an instance of `schema`, at most 65,536 characters, or undefined when none is found within
   * bounds of depth, size and time. Made once for each schema object, however many ask. Rejects with `unavailable`
   * when too many schemas wait already, and with the signal's reason as soon as it aborts.
   */
  make(schema: JsonSchema, signal: AbortSignal): Promise<string | undefined>;
  close(): void;
}

/** An `InstanceMaker` for one request. */
export type MakeInstance = (schema: JsonSchema) => Promise<string | undefined>;

const maxWaiting = 64;
/** After this long without a schema the thread ends and gives its memory back. */
const idleMs = 60_000;

interface Job {
  schema: JsonSchema;
  askers: number;
  result: PromiseWithResolvers<string | undefined>;
}

/** The work is done in a thread, one schema at a time in the order of asking. It starts with the first one. */
export function createInstanceMaker(thread: InstanceThread = createDefaultThread()): InstanceMaker {
  const jobs = new WeakMap<JsonSchema, Job>();
  const waiting = new Set<Job>();
  let isRunning = false;
  let isClosed = false;
  let idleTimer: ReturnType<typeof setTimeout> | undefined;

  const run = async () => {
    isRunning = true;
    clearTimeout(idleTimer);
    for (const job of waiting) {
      waiting.delete(job);
      try {
        // As text: copying the object would hold up this thread longer.
        job.result.resolve(await thread.run(JSON.stringify(job.schema)));
      } catch (error) {
        jobs.delete(job.schema);
        job.result.reject(error);
      }
    }
    isRunning = false;
    idleTimer = setTimeout(() => thread.stop(), idleMs).unref();
  };

  const enqueue = (schema: JsonSchema): Job => {
    if (isClosed || waiting.size >= maxWaiting) throw overloaded();
    const job = { schema, askers: 0, result: Promise.withResolvers<string | undefined>() };
    jobs.set(schema, job);
    if (isSmall(schema)) waiting.add(job);
    else job.result.resolve(undefined);
    if (!isRunning) void run();
    return job;
  };

  return {
    async make(schema, signal) {
      signal.throwIfAborted();
      const job = jobs.get(schema) ?? enqueue(schema);
      job.askers++;
      try {
        return await unlessAborted(job.result.promise, signal);
      } finally {
        job.askers--;
        // Nobody is left to read it.
        if (job.askers === 0 && waiting.delete(job)) jobs.delete(schema);
      }
    },
    close() {
      isClosed = true;
      for (const job of waiting) job.result.reject(overloaded());
      waiting.clear();
      thread.stop();
    },
  };
}

function overloaded(): ServeError {
  return new ServeError("unavailable", "The demo model has too many JSON Schemas to work on.", {
    code: "server_is_overloaded",
    retryAfterSeconds: 1,
  });
}

function createDefaultThread(): InstanceThread {
  // Loading the libraries takes a tenth of a second, a schema of a thousand properties three.
  return createInstanceThread(() => startWorker("drivers/demo/instances/worker.ts"), {
    startMs: 10_000,
    runMs: 2_000,
  });
}

async function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  const aborted = Promise.withResolvers<never>();
  const abort = () => aborted.reject(signal.reason);
  signal.addEventListener("abort", abort, { once: true });
  try {
    return await Promise.race([promise, aborted.promise]);
  } finally {
    signal.removeEventListener("abort", abort);
  }
}
