import { ServeError } from "../../../core/error.ts";
import { loaded, type Reply } from "./messages.ts";

/** The thread in which instances are made, seen from the outside. */
export interface InstanceThread {
  /**
   * The JSON text of an instance of the schema in the JSON text `schema`, or undefined when none was found in the time
   * allowed. One call at a time. Rejects with `internal` when the thread cannot start or ends by itself; the next call
   * starts another one.
   */
  run(schema: string): Promise<string | undefined>;
  stop(): void;
}

export interface ThreadLimits {
  /** For the start of the thread and its libraries. */
  startMs: number;
  /** For one schema; a thread that takes longer is ended. */
  runMs: number;
}

/** What a thread compiles is not all given back: it is replaced after so many schemas. */
const maxRuns = 100;

/** Starts nothing before the first call. */
export function createInstanceThread(start: () => Worker, { startMs, runMs }: ThreadLimits): InstanceThread {
  let worker: Worker | undefined;
  let runs = 0;

  const stop = () => {
    worker?.terminate();
    worker = undefined;
    runs = 0;
  };

  const ready = async (): Promise<Worker> => {
    if (worker !== undefined) return worker;
    worker = start();
    worker.unref();
    const message = await nextMessage<string>(worker, startMs);
    if (message !== loaded) throw new Error("The thread for JSON Schemas did not start in time.");
    return worker;
  };

  return {
    async run(schema) {
      try {
        const target = await ready();
        const reply = nextMessage<Reply>(target, runMs);
        target.postMessage(schema, []);
        const message = await reply;
        if (message === late || ++runs === maxRuns) stop();
        return message === late ? undefined : message.text;
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
