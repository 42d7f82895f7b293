import type { Log } from "../core/log.ts";
import type { Encoding } from "./encoding.ts";
import type { Job, Reply } from "./messages.ts";

/** The thread that encodes, seen from the outside. Where it cannot answer, the answer is `undefined`. */
export interface Tokenizer {
  count(encoding: Encoding, texts: readonly string[]): Promise<number[] | undefined>;
  /** `tokens` must all be in the vocabulary: the encoder would crash on others. */
  decode(encoding: Encoding, tokens: Uint32Array<ArrayBuffer>): Promise<Uint8Array | undefined>;
  close(): void;
}

const countWaitMs = 250;
const decodeWaitMs = 5_000;

/**
 * Building an encoder happens once in the life of the process and holds up nothing but those who wait for it.
 * Without this allowance the first answers after a start would report another usage than all later ones.
 */
const loadWaitMs = 2_000;

/** What is encoded in a quarter of a second; more would be posted in vain. */
const maxCharacters = 1_000_000;
const maxTexts = 20_000;

const maxPendingJobs = 256;
const maxPendingCharacters = 8_000_000;

const maxRestarts = 3;
/** No job takes this long; a worker that leaves one unanswered for longer is replaced. */
const stuckAfterMs = 15_000;

interface PendingJob {
  characters: number;
  sentAt: number;
  settle(reply: Reply | undefined): void;
}

/** Starts nothing before the first question. `startWorker` is called again, at most 3 times, when a worker dies. */
export function createTokenizer(log: Log, startWorker: () => Worker = startTokenWorker): Tokenizer {
  const pending = new Map<number, PendingJob>();
  const asked = new Set<Encoding>();
  const loaded = new Set<Encoding>();
  let pendingCharacters = 0;
  let worker: Worker | undefined;
  let starts = 0;
  let lastId = 0;
  let closed = false;

  const drop = () => {
    worker?.terminate();
    worker = undefined;
    asked.clear();
    loaded.clear();
    for (const job of pending.values()) job.settle(undefined);
    pending.clear();
    pendingCharacters = 0;
  };

  const lose = (reason: string) => {
    drop();
    const restartsLeft = maxRestarts + 1 - starts;
    if (restartsLeft > 0)
      log.warn("the token counter stopped and will be restarted", { reason, restartsLeft });
    else log.error("the token counter stopped for good, counts are estimates from now on", { reason });
  };

  const receive = (reply: Reply) => {
    const job = pending.get(reply[1]);
    if (job === undefined) return;
    pending.delete(reply[1]);
    pendingCharacters -= job.characters;
    job.settle(reply);
  };

  const running = (): Worker | undefined => {
    const oldest = pending.values().next().value;
    if (oldest !== undefined && Date.now() - oldest.sentAt > stuckAfterMs) lose("a job was left unanswered");
    if (worker !== undefined || closed || starts > maxRestarts) return worker;
    starts++;
    try {
      const started = startWorker();
      const loseStarted = (reason: string) => {
        if (worker === started) lose(reason);
      };
      started.addEventListener("message", (event: MessageEvent<Reply>) => {
        if (worker === started) receive(event.data);
      });
      started.addEventListener("error", (event) => loseStarted(event.message));
      started.addEventListener("close", () => loseStarted("the thread ended"));
      started.unref();
      worker = started;
    } catch (error) {
      lose(String(error));
    }
    return worker;
  };

  const ask = async (
    encoding: Encoding,
    characters: number,
    waitMs: number,
    toJob: (id: number, deadline: number) => Job,
  ): Promise<Reply | undefined> => {
    const target = running();
    if (target === undefined) return undefined;
    if (pending.size >= maxPendingJobs || pendingCharacters + characters > maxPendingCharacters)
      return undefined;
    asked.add(encoding);
    const totalWaitMs = asked.size > loaded.size ? waitMs + loadWaitMs : waitMs;
    const id = ++lastId;
    const now = Date.now();
    const { promise, resolve } = Promise.withResolvers<Reply | undefined>();
    const timer = setTimeout(resolve, totalWaitMs, undefined);
    // A job that nobody waits for any more stays in the list until it is answered: the list is what is bounded.
    pending.set(id, { characters, sentAt: now, settle: resolve });
    pendingCharacters += characters;
    try {
      target.postMessage(toJob(id, now + totalWaitMs), []);
      const reply = await promise;
      if (reply !== undefined) loaded.add(encoding);
      return reply;
    } finally {
      clearTimeout(timer);
    }
  };

  return {
    async count(encoding, texts) {
      let characters = 0;
      for (const text of texts) characters += text.length;
      if (characters > maxCharacters || texts.length > maxTexts) return undefined;
      const reply = await ask(encoding, characters, countWaitMs, (id, deadline) => [
        "count",
        id,
        encoding,
        deadline,
        ...texts,
      ]);
      if (reply?.[0] !== "counted") return undefined;
      const [, , ...counts] = reply;
      return counts;
    },
    async decode(encoding, tokens) {
      const reply = await ask(encoding, tokens.length, decodeWaitMs, (id) => [
        "decode",
        id,
        encoding,
        tokens,
      ]);
      return reply?.[0] === "decoded" ? reply[2] : undefined;
    },
    close() {
      closed = true;
      drop();
    },
  };
}

/** In an executable the worker is an extra entry point, named relative to the folder that all entries share. */
export function startTokenWorker(): Worker {
  const entry = Bun.isStandaloneExecutable ? "./tokens/worker.ts" : new URL("./worker.ts", import.meta.url);
  return new Worker(entry, { smol: true });
}
