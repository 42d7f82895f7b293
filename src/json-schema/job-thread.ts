import { ServeError } from "../core/error.ts";

/** A thread that answers each message with one of its own, seen from the outside. */
export interface JobThread<Job, Reply> {
  /**
   * What the thread replies to `job`; undefined when that takes longer than `milliseconds`, and then the thread is
   * ended. One call at a time. Rejects with `internal` when the thread cannot start or ends by itself. The next call
   * after either starts another one.
   */
  run(job: Job, milliseconds: number): Promise<Reply | undefined>;
  stop(): void;
}

/** What a thread says once it has loaded. */
export const loaded = "loaded";

export interface JobThreadOptions {
  start(): Worker;
  /** Longest wait for the thread and its libraries, in milliseconds. */
  startMs: number;
  /** The thread is replaced after so many jobs. */
  maxJobs: number;
}

/** Starts nothing before the first call. */
export function createJobThread<Job, Reply>(options: JobThreadOptions): JobThread<Job, Reply> {
  let worker: Worker | undefined;
  let jobs = 0;

  const stop = () => {
    worker?.terminate();
    worker = undefined;
    jobs = 0;
  };

  const ready = async (): Promise<Worker> => {
    if (worker !== undefined) return worker;
    worker = options.start();
    worker.unref();
    const message = await nextMessage<string>(worker, options.startMs);
    if (message !== loaded) throw new Error("The thread for JSON Schemas did not start in time.");
    return worker;
  };

  return {
    async run(job, milliseconds) {
      try {
        const target = await ready();
        const reply = nextMessage<Reply>(target, milliseconds);
        target.postMessage(job, []);
        const message = await reply;
        if (message === late || ++jobs === options.maxJobs) stop();
        return message === late ? undefined : message;
      } catch (error) {
        stop();
        throw ServeError.from(error);
      }
    },
    stop,
  };
}

const late = Symbol("late");

/** What `worker` says next, or `late` when it says nothing for `milliseconds`. Rejects when it ends. */
async function nextMessage<T>(worker: Worker, milliseconds: number): Promise<T | typeof late> {
  const { promise, resolve, reject } = Promise.withResolvers<T | typeof late>();
  const listening = new AbortController();
  const { signal } = listening;
  worker.addEventListener("message", (event: MessageEvent<T>) => resolve(event.data), { signal });
  worker.addEventListener("error", (event) => reject(new Error(event.message)), { signal });
  worker.addEventListener("close", () => reject(new Error("The thread for JSON Schemas ended.")), { signal });
  const timer = setTimeout(resolve, milliseconds, late);
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
    listening.abort();
  }
}
