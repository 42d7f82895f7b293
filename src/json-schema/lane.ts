import { ServeError } from "../core/error.ts";
import { createJobThread } from "./job-thread.ts";
import type { Job, Reply } from "./messages.ts";

/** A schema under the name that the thread knows it by. */
export interface KeyedSchema {
  key: string;
  text: string;
}

/** `late` when the time was over, and then the thread has lost what it had. */
export type Compiled = { kind: "compiled" } | { kind: "broken"; reason: string } | { kind: "late" };

/** One thread and those who wait for it, first come first served. Started by the first call. */
export interface Lane {
  compile(schema: KeyedSchema, signal: AbortSignal): Promise<Compiled>;
  /**
   * Compiles `schema` first where the thread does not have it (any more). All reject with `unavailable` when too many
   * wait already, with `internal` when the thread fails, and with the signal's reason.
   */
  check(schema: KeyedSchema, job: "find" | "match", text: string, signal: AbortSignal): Promise<LaneChecked>;
  close(): void;
}

export type LaneChecked =
  | { kind: "checked"; reply: Extract<Reply, readonly ["fits" | "misfit", ...unknown[]]> }
  | { kind: "check-late" }
  | Exclude<Compiled, { kind: "compiled" }>;

export interface LaneLimits {
  startMs: number;
  compileMs: number;
  checkMs: number;
  maxWaiting: number;
  /** After this long without work the thread ends and gives its memory back. */
  idleMs: number;
}

/** What a thread compiles is not all given back: it is replaced after so many schemas. */
const maxCompiled = 500;

/** `start` starts the thread, again when it had to be ended. */
export function createLane(start: () => Worker, limits: LaneLimits): Lane {
  const thread = createJobThread<Job, Reply>({ start, startMs: limits.startMs, maxJobs: Infinity });
  let last: Promise<unknown> = Promise.resolve();
  let waiting = 0;
  let compiled = 0;
  let idleTimer: ReturnType<typeof setTimeout> | undefined;

  const rest = () => {
    if (--waiting === 0) idleTimer = setTimeout(() => thread.stop(), limits.idleMs).unref();
  };

  /** `work` in its turn. What is not waited for any more does not begin. */
  const inTurn = async <Result>(signal: AbortSignal, work: () => Promise<Result>): Promise<Result> => {
    signal.throwIfAborted();
    if (waiting >= limits.maxWaiting) throw overloaded();
    waiting++;
    clearTimeout(idleTimer);
    const turn = last.then(() => {
      signal.throwIfAborted();
      return work();
    });
    last = turn.then(rest, rest);
    return await unlessAborted(turn, signal);
  };

  const compile = async ({ key, text }: KeyedSchema): Promise<Compiled> => {
    if (compiled >= maxCompiled) {
      thread.stop();
      compiled = 0;
    }
    const reply = await thread.run(["compile", key, text], limits.compileMs);
    if (reply?.[0] !== "known") compiled++;
    if (reply === undefined) return { kind: "late" };
    return reply[0] === "broken" ? { kind: "broken", reason: reply[1] } : { kind: "compiled" };
  };

  const check = async (schema: KeyedSchema, kind: "find" | "match", text: string): Promise<LaneChecked> => {
    const job = [kind, schema.key, text] as const;
    let reply = await thread.run(job, limits.checkMs);
    if (reply?.[0] === "unknown") {
      const outcome = await compile(schema);
      if (outcome.kind !== "compiled") return outcome;
      reply = await thread.run(job, limits.checkMs);
    }
    if (reply?.[0] === "fits" || reply?.[0] === "misfit") return { kind: "checked", reply };
    return { kind: "check-late" };
  };

  return {
    compile: (schema, signal) => inTurn(signal, () => compile(schema)),
    check: (schema, job, text, signal) => inTurn(signal, () => check(schema, job, text)),
    close() {
      clearTimeout(idleTimer);
      thread.stop();
    },
  };
}

function overloaded(): ServeError {
  return new ServeError("unavailable", "The server is busy: too many answers wait to be checked.", {
    code: "server_is_overloaded",
    retryAfterSeconds: 1,
  });
}

async function unlessAborted<Result>(work: Promise<Result>, signal: AbortSignal): Promise<Result> {
  const aborted = Promise.withResolvers<never>();
  const abort = () => aborted.reject(signal.reason);
  signal.addEventListener("abort", abort, { once: true });
  try {
    return await Promise.race([work, aborted.promise]);
  } finally {
    signal.removeEventListener("abort", abort);
  }
}
