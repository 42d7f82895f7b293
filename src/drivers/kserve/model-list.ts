import type { ModelDescription } from "../../core/generation.ts";
import type { ModelFacts } from "./dialects/dialect.ts";

export interface ModelListOptions {
  /** Asks the server. A failure means that it does not say. */
  ask: (signal: AbortSignal) => Promise<ModelFacts>;
  /** The model's id while the server has not said it. */
  fallbackId: string;
  ownedBy: string;
  aliases: readonly string[];
  /** Milliseconds, monotonic. */
  now: () => number;
}

export interface ModelList {
  /** Never throws, and waits at most five seconds: what is known, which may be the fallback. */
  models(signal: AbortSignal): Promise<readonly ModelDescription[]>;
  readonly contextTokens: number | undefined;
}

const freshMs = 60_000;
const retryMs = 2_000;
const askTimeoutMs = 5_000;

/** The one model of a server, asked for once a minute at most. */
export function createModelList(options: ModelListOptions): ModelList {
  let known: ModelDescription = {
    id: options.fallbackId,
    ownedBy: options.ownedBy,
    ...aliasesOf(options, options.fallbackId),
  };
  let askAgainAt = Number.NEGATIVE_INFINITY;
  let asking: Promise<void> | undefined;

  async function refresh(): Promise<void> {
    try {
      known = describe(options, await options.ask(AbortSignal.timeout(askTimeoutMs)));
      askAgainAt = options.now() + freshMs;
    } catch {
      // The server is not there yet or does not have the call: what is known stays.
      askAgainAt = options.now() + retryMs;
    } finally {
      asking = undefined;
    }
  }

  return {
    async models(signal) {
      if (options.now() >= askAgainAt) {
        asking ??= refresh();
        await settledOrAborted(asking, signal);
      }
      return [known];
    },
    get contextTokens() {
      return known.contextTokens;
    },
  };
}

function describe(options: ModelListOptions, facts: ModelFacts): ModelDescription {
  const id = isId(facts.name) ? facts.name : options.fallbackId;
  const contextTokens = facts.contextTokens ?? 0;
  return {
    id,
    ownedBy: options.ownedBy,
    ...aliasesOf(options, id),
    ...(contextTokens > 0 ? { contextTokens } : {}),
  };
}

function aliasesOf(options: ModelListOptions, id: string): { aliases?: readonly string[] } {
  const aliases = options.aliases.filter((alias) => alias !== id);
  return aliases.length === 0 ? {} : { aliases };
}

/** A name from outside becomes an id only if it can stand in a URL and in a log line. */
function isId(name: string | undefined): name is string {
  return name !== undefined && /^[^\p{C}\s]{1,256}$/u.test(name);
}

function settledOrAborted(work: Promise<void>, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const finish = () => {
      signal.removeEventListener("abort", finish);
      resolve();
    };
    signal.addEventListener("abort", finish, { once: true });
    work.then(finish, finish);
  });
}
