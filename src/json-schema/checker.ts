import { ServeError } from "../core/error.ts";
import type { JsonSchema } from "../core/generation.ts";
import type { Log } from "../core/log.ts";
import { startWorker } from "../core/start-worker.ts";
import { createJobThread } from "./job-thread.ts";
import type { Job, Reply } from "./messages.ts";

/** `text.slice(start, end)` is a value that fits; or where and in which words it does not. */
export type Checked = { ok: true; start: number; end: number } | { ok: false; path: string; message: string };

/** Checks texts against JSON Schemas in a thread of its own, started by the first call. One text at a time. */
export interface SchemaChecker {
  /**
   * Compiles `schema`, unless that was done before. Rejects as `check` does, and with `invalid_request`
   * (`invalid_value`, `param`) for a schema that cannot be compiled, is too large or takes too long.
   */
  prepare(schema: JsonSchema, param: string, signal: AbortSignal): Promise<void>;
  /**
   * Whether `text` is a JSON value that fits `schema`; with `search`, also one in a code fence or the only one among
   * other text. Rejects with `timeout` (`schema_check_timeout`) when that takes longer than 250 ms, with `unavailable`
   * when too many wait already, with `internal` when the thread fails, and with the signal's reason.
   */
  check(
    schema: JsonSchema,
    text: string,
    options: { search: boolean; signal: AbortSignal },
  ): Promise<Checked>;
  /** Ends the thread. */
  close(): void;
}

export interface CheckerLimits {
  startMs: number;
  compileMs: number;
  checkMs: number;
  maxWaiting: number;
  /** After this long without work the thread ends and gives its memory back. */
  idleMs: number;
}

const standardLimits: CheckerLimits = {
  startMs: 10_000,
  compileMs: 2_000,
  checkMs: 250,
  maxWaiting: 256,
  idleMs: 60_000,
};

/** What a thread compiles is not all given back: it is replaced after so many schemas. */
const maxCompiled = 500;

/** `start` starts the thread, again when it had to be ended. */
export function createSchemaChecker(
  log: Log,
  start: () => Worker = () => startWorker("json-schema/worker.ts"),
  limits: CheckerLimits = standardLimits,
): SchemaChecker {
  const thread = createJobThread<Job, Reply>({ start, startMs: limits.startMs, maxJobs: Infinity });
  const keys = new WeakMap<JsonSchema, { key: string; text: string }>();
  let last: Promise<unknown> = Promise.resolve();
  let waiting = 0;
  let compiled = 0;
  let idleTimer: ReturnType<typeof setTimeout> | undefined;

  const keyOf = (schema: JsonSchema) => {
    const known = keys.get(schema);
    if (known !== undefined) return known;
    const text = JSON.stringify(schema);
    // Not a weak hash: two schemas of one key would be checked for each other.
    const named = { key: new Bun.CryptoHasher("sha256").update(text).digest("base64"), text };
    keys.set(schema, named);
    return named;
  };

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

  const compile = async (schema: JsonSchema): Promise<string | undefined> => {
    const { key, text } = keyOf(schema);
    if (compiled >= maxCompiled) {
      thread.stop();
      compiled = 0;
    }
    const reply = await thread.run(["compile", key, text], limits.compileMs);
    if (reply?.[0] === "known") return undefined;
    compiled++;
    if (reply?.[0] === "compiled") return undefined;
    const reason = reply?.[0] === "broken" ? reply[1] : "takes too long to compile";
    log.debug("A JSON Schema of a client cannot be used", { reason });
    return reason;
  };

  const runCheck = async (schema: JsonSchema, text: string, search: boolean): Promise<Checked> => {
    const { key } = keyOf(schema);
    const job = [search ? "find" : "match", key, text] as const;
    let reply = await thread.run(job, limits.checkMs);
    if (reply?.[0] === "unknown") {
      const reason = await compile(schema);
      if (reason !== undefined) throw unusable("The JSON Schema", undefined, reason);
      reply = await thread.run(job, limits.checkMs);
    }
    switch (reply?.[0]) {
      case "fits":
        return { ok: true, start: reply[1], end: reply[2] };
      case "misfit":
        return { ok: false, path: reply[1], message: reply[2] };
      default:
        log.warn("A check against a client's JSON Schema took too long and was ended", {
          milliseconds: limits.checkMs,
        });
        throw new ServeError("timeout", "The answer could not be checked against its JSON Schema in time.", {
          code: "schema_check_timeout",
          shouldRetry: false,
        });
    }
  };

  return {
    prepare: (schema, param, signal) =>
      inTurn(signal, async () => {
        const reason = await compile(schema);
        if (reason !== undefined) throw unusable(`'${param}'`, param, reason);
      }),
    check: (schema, text, { search, signal }) => inTurn(signal, () => runCheck(schema, text, search)),
    close() {
      clearTimeout(idleTimer);
      thread.stop();
    },
  };
}

function unusable(what: string, param: string | undefined, cause: string): ServeError {
  return new ServeError(
    "invalid_request",
    `${what} cannot be used: it is too large, or no valid JSON Schema.`,
    {
      code: "invalid_value",
      ...(param === undefined ? {} : { param }),
      cause,
    },
  );
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
