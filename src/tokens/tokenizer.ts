import type { Log } from "../core/log.ts";
import type { Encoding } from "./encoding.ts";
import { maxCharacters, maxTexts, smallJob } from "./limits.ts";
import type { Job, Reply } from "./messages.ts";
import { createPending, type Question } from "./pending.ts";
import { createTokenThread, startTokenWorker } from "./thread.ts";
import { nextTurn } from "./turn.ts";

/** The thread that encodes, seen from the outside. Where it cannot answer, the answer is `undefined`. */
export interface Tokenizer {
  count(encoding: Encoding, texts: readonly string[]): Promise<readonly number[] | undefined>;
  /** The text's tokens; a longer text than is counted at once has no answer. */
  encode(encoding: Encoding, text: string): Promise<Uint32Array<ArrayBuffer> | undefined>;
  /** `tokens` must all be in the vocabulary: the encoder would crash on others. */
  decode(encoding: Encoding, tokens: Uint32Array<ArrayBuffer>): Promise<Uint8Array | undefined>;
  /** The text of each token, which must all be in the vocabulary. */
  spell(encoding: Encoding, tokens: Uint32Array<ArrayBuffer>): Promise<readonly string[] | undefined>;
  close(): void;
}

const countWaitMs = 250;
const aloneWaitMs = 5_000;

/**
 * Building an encoder happens once in the life of the process and holds up nothing but those who wait for it.
 * Without this allowance the first answers after a start would report another usage than all later ones.
 */
const loadWaitMs = 2_000;

/** No job takes this long; a worker that leaves one unanswered for longer is replaced. */
const stuckAfterMs = 15_000;

interface CountQuestion extends Question {
  texts: readonly string[];
  answer(counts: readonly number[] | undefined): void;
}

/** Small questions of one encoding, which travel together: to wake a sleeping thread costs more than to encode. */
interface Lane {
  waiting: CountQuestion[];
  isScheduled: boolean;
  /** Jobs that the worker has. While it has one, the next questions wait and become one job. */
  posted: number;
}

/** Starts nothing before the first question. `startWorker` is called again, at most 3 times, when a worker dies. */
export function createTokenizer(log: Log, startWorker: () => Worker = startTokenWorker): Tokenizer {
  const pending = createPending();
  const posted = new Map<number, (reply: Reply) => void>();
  const lanes = new Map<Encoding, Lane>();
  const asked = new Set<Encoding>();
  const loaded = new Set<Encoding>();
  let lastId = 0;

  const thread = createTokenThread(log, startWorker, {
    receive(reply) {
      const settle = posted.get(reply[1]);
      posted.delete(reply[1]);
      settle?.(reply);
    },
    lost() {
      for (const known of [posted, lanes, asked, loaded]) known.clear();
      pending.clear();
    },
  });

  const isReady = (size: number): boolean => {
    const oldest = pending.oldest();
    if (oldest !== undefined && Date.now() - oldest > stuckAfterMs) thread.lose("a job was left unanswered");
    return thread.start() && pending.hasRoom(size);
  };

  const times = (encoding: Encoding, waitMs: number) => {
    asked.add(encoding);
    const askedAt = Date.now();
    return { askedAt, deadline: askedAt + waitMs + (asked.size > loaded.size ? loadWaitMs : 0) };
  };

  const postCount = (encoding: Encoding, questions: readonly CountQuestion[], settled?: () => void) => {
    const id = ++lastId;
    const texts: string[] = [];
    let deadline = 0;
    for (const question of questions) {
      for (const text of question.texts) texts.push(text);
      deadline = Math.max(deadline, question.deadline);
    }
    posted.set(id, (reply) => {
      loaded.add(encoding);
      answerAll(questions, reply);
      for (const question of questions) pending.delete(question);
      settled?.();
    });
    thread.post(["count", id, encoding, deadline, ...texts]);
  };

  /** A question that travels alone. */
  const postOne = async (
    encoding: Encoding,
    size: number,
    toJob: (id: number, deadline: number) => Job,
  ): Promise<Reply | undefined> => {
    if (!isReady(size)) return undefined;
    const { promise, resolve } = Promise.withResolvers<Reply | undefined>();
    const question: Question = {
      ...times(encoding, aloneWaitMs),
      size,
      giveUp: () => resolve(undefined),
    };
    pending.add(question);
    const id = ++lastId;
    posted.set(id, (reply) => {
      loaded.add(encoding);
      pending.delete(question);
      resolve(reply);
    });
    thread.post(toJob(id, question.deadline));
    return await promise;
  };

  const schedule = (encoding: Encoding, lane: Lane) => {
    if (lane.isScheduled || lane.posted > 0 || lane.waiting.length === 0) return;
    lane.isScheduled = true;
    setImmediate(() => {
      lane.isScheduled = false;
      const wanted = lane.waiting.filter((question) => pending.isWanted(question));
      lane.waiting = [];
      for (const questions of inSmallJobs(wanted)) {
        lane.posted++;
        postCount(encoding, questions, () => {
          lane.posted--;
          schedule(encoding, lane);
        });
      }
    });
  };

  const laneOf = (encoding: Encoding): Lane => {
    let lane = lanes.get(encoding);
    if (lane === undefined) lanes.set(encoding, (lane = { waiting: [], isScheduled: false, posted: 0 }));
    return lane;
  };

  return {
    async count(encoding, texts) {
      if (texts.length > maxTexts) return undefined;
      const size = sizeOf(texts);
      if (size > maxCharacters + texts.length || !isReady(size)) return undefined;
      const { promise, resolve } = Promise.withResolvers<readonly number[] | undefined>();
      const question: CountQuestion = {
        ...times(encoding, countWaitMs),
        size,
        texts,
        answer: resolve,
        giveUp: () => resolve(undefined),
      };
      pending.add(question);
      if (size > smallJob) {
        // To hand over many texts takes a few milliseconds, as it took to collect them.
        await nextTurn();
        if (pending.isWanted(question)) postCount(encoding, [question]);
      } else {
        const lane = laneOf(encoding);
        lane.waiting.push(question);
        schedule(encoding, lane);
      }
      return promise;
    },
    async encode(encoding, text) {
      if (text.length > maxCharacters) return undefined;
      const reply = await postOne(encoding, text.length, (id, deadline) => [
        "encode",
        id,
        encoding,
        deadline,
        text,
      ]);
      return reply?.[0] === "encoded" ? reply[2] : undefined;
    },
    async decode(encoding, tokens) {
      const reply = await postOne(encoding, tokens.length, (id) => ["decode", id, encoding, tokens]);
      return reply?.[0] === "decoded" ? reply[2] : undefined;
    },
    async spell(encoding, tokens) {
      const reply = await postOne(encoding, tokens.length, (id) => ["spell", id, encoding, tokens]);
      if (reply?.[0] !== "spelt") return undefined;
      const [, , ...texts] = reply;
      return texts;
    },
    close() {
      thread.close();
    },
  };
}

/** As the worker measures a job: characters, and one for each text. */
function sizeOf(texts: readonly string[]): number {
  let size = texts.length;
  for (const text of texts) size += text.length;
  return size;
}

function* inSmallJobs(questions: readonly CountQuestion[]): Generator<CountQuestion[]> {
  let job: CountQuestion[] = [];
  let size = 0;
  for (const question of questions) {
    if (size + question.size > smallJob && job.length > 0) {
      yield job;
      job = [];
      size = 0;
    }
    job.push(question);
    size += question.size;
  }
  if (job.length > 0) yield job;
}

/** The counts of a job are those of its questions, one after the other. */
function answerAll(questions: readonly CountQuestion[], reply: Reply): void {
  if (reply[0] !== "counted") {
    for (const question of questions) question.answer(undefined);
    return;
  }
  const [, , ...counts] = reply;
  let start = 0;
  for (const question of questions) {
    const end = start + question.texts.length;
    question.answer(counts.slice(start, end));
    start = end;
  }
}
