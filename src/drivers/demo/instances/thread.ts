import { createJobThread } from "../../../json-schema/job-thread.ts";
import type { Reply } from "./messages.ts";

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
  const thread = createJobThread<string, Reply>({ start, startMs, maxJobs: maxRuns });
  return {
    run: async (schema) => (await thread.run(schema, runMs))?.text,
    stop: () => thread.stop(),
  };
}
