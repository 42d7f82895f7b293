import { ServeError } from "../core/error.ts";
import type { JsonSchema } from "../core/generation.ts";
import type { Log } from "../core/log.ts";
import { startWorker } from "../core/start-worker.ts";
import { costOf } from "./cost.ts";
import { createLane, type KeyedSchema, type Lane, type LaneLimits } from "./lane.ts";
import { createVerdicts } from "./verdicts.ts";

/** `text.slice(start, end)` is a value that fits; or where and in which words it does not. */
export type Checked = { ok: true; start: number; end: number } | { ok: false; path: string; message: string };

/**
 * Checks texts against JSON Schemas in threads, started by the first call: one for most schemas, and one for large ones
 * and those that were slow, so that the others do not wait for them. One text at a time in each.
 */
export interface SchemaChecker {
  /**
   * Compiles `schema`, unless that was done before. Rejects as `check` does, with the path of the mistake starting
   * with `param`.
   */
  prepare(schema: JsonSchema, param: string, signal: AbortSignal): Promise<void>;
  /**
   * Whether `text` is a JSON value that fits `schema`; with `search`, also one in a code fence or the only one among
   * other text. Rejects with `invalid_request` (`invalid_value`) for a schema that is too large or cannot be compiled,
   * with `timeout` when compiling it (`schema_compile_timeout`) takes longer than 500 ms or the check
   * (`schema_check_timeout`) longer than 250 ms, with `unavailable` when too many wait already, with `internal` when
   * the thread fails, and with the signal's reason.
   */
  check(
    schema: JsonSchema,
    text: string,
    options: { search: boolean; signal: AbortSignal },
  ): Promise<Checked>;
  /** Ends the threads. */
  close(): void;
}

export interface CheckerLimits extends LaneLimits {
  /** How long a schema that was slow is not compiled again, or checked apart from the others. */
  slowMs: number;
}

const standardLimits: CheckerLimits = {
  startMs: 10_000,
  compileMs: 500,
  checkMs: 250,
  maxWaiting: 2_048,
  idleMs: 60_000,
  slowMs: 60_000,
};

/** Units of `costOf` above which a schema is large; they compile in 90 ms. */
const largeUnits = 1_000;
/** They compile in 250 ms. About 1,300 properties. */
const maxUnits = 4_000;

/** `start` starts a thread, again when it had to be ended. */
export function createSchemaChecker(
  log: Log,
  start: () => Worker = () => startWorker("json-schema/worker.ts"),
  limits: CheckerLimits = standardLimits,
): SchemaChecker {
  const lanes = { usual: createLane(start, limits), slow: createLane(start, limits) };
  const verdicts = createVerdicts(limits.slowMs);
  const known = new WeakMap<JsonSchema, KeyedSchema & { isLarge: boolean }>();

  /** Where to compile `schema`, under which key. Throws for one that is not to be compiled. */
  const enter = (schema: JsonSchema, param: string | undefined): { lane: Lane; keyed: KeyedSchema } => {
    let keyed = known.get(schema);
    if (keyed === undefined) {
      const { units, overAt } = costOf(schema, maxUnits, param ?? "");
      if (overAt !== undefined) throw tooLarge(overAt);
      const text = JSON.stringify(schema);
      // Not a weak hash: two schemas of one key would be checked for each other.
      const key = new Bun.CryptoHasher("sha256").update(text).digest("base64");
      keyed = { key, text, isLarge: units > largeUnits };
      known.set(schema, keyed);
    }
    const verdict = verdicts.of(keyed.key);
    if (verdict?.kind === "broken") throw broken(param, verdict.reason);
    if (verdict?.kind === "late") throw compileLate(param);
    return { lane: verdict === undefined && !keyed.isLarge ? lanes.usual : lanes.slow, keyed };
  };

  const refuse = (
    { key }: KeyedSchema,
    outcome: { kind: "broken"; reason: string } | { kind: "late" },
    param?: string,
  ): never => {
    verdicts.add(key, outcome);
    if (outcome.kind === "late") {
      log.warn("A client's JSON Schema took too long to compile", { milliseconds: limits.compileMs });
      throw compileLate(param);
    }
    log.debug("A JSON Schema of a client cannot be used", { reason: outcome.reason });
    throw broken(param, outcome.reason);
  };

  return {
    async prepare(schema, param, signal) {
      const { lane, keyed } = enter(schema, param);
      const outcome = await lane.compile(keyed, signal);
      if (outcome.kind !== "compiled") refuse(keyed, outcome, param);
    },
    async check(schema, text, { search, signal }) {
      const { lane, keyed } = enter(schema, undefined);
      const outcome = await lane.check(keyed, search ? "find" : "match", text, signal);
      if (outcome.kind === "broken" || outcome.kind === "late") return refuse(keyed, outcome);
      if (outcome.kind === "check-late") {
        verdicts.add(keyed.key, { kind: "slow" });
        log.warn("A check against a client's JSON Schema took too long and was ended", {
          milliseconds: limits.checkMs,
        });
        throw checkLate();
      }
      const { reply } = outcome;
      return reply[0] === "fits"
        ? { ok: true, start: reply[1], end: reply[2] }
        : { ok: false, path: reply[1], message: reply[2] };
    },
    close() {
      lanes.usual.close();
      lanes.slow.close();
    },
  };
}

function tooLarge(path: string): ServeError {
  const what = path === "" ? "The JSON Schema is" : `'${path}' is where the JSON Schema becomes`;
  return new ServeError("invalid_request", `${what} too large for answers to be checked against it.`, {
    code: "invalid_value",
    ...(path === "" ? {} : { param: path }),
  });
}

function broken(param: string | undefined, cause: string): ServeError {
  return new ServeError(
    "invalid_request",
    `${named(param)} cannot be used: it is too large, or no valid JSON Schema.`,
    { code: "invalid_value", ...(param === undefined ? {} : { param }), cause },
  );
}

function compileLate(param: string | undefined): ServeError {
  return new ServeError("timeout", `${named(param)} could not be made ready for checks in time.`, {
    code: "schema_compile_timeout",
    ...(param === undefined ? {} : { param }),
    shouldRetry: false,
  });
}

function checkLate(): ServeError {
  return new ServeError("timeout", "The answer could not be checked against its JSON Schema in time.", {
    code: "schema_check_timeout",
    shouldRetry: false,
  });
}

function named(param: string | undefined): string {
  return param === undefined ? "The JSON Schema" : `'${param}'`;
}
