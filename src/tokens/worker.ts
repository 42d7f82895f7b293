/** Entry point of the thread in which text is encoded; `tokenizer.ts` is its other side. */
import { cutText } from "./cut.ts";
import { loadEncoder } from "./encoder.ts";
import type { Encoding } from "./encoding.ts";
import { smallJob } from "./limits.ts";
import type { Job, Reply } from "./messages.ts";

declare const self: Worker;

/** After so long, jobs that came meanwhile get their turn. */
const turnMs = 5;

let largeJobs: Promise<unknown> = Promise.resolve();

// A failure is not caught: it ends this thread, and the other side starts a new one.
self.addEventListener("message", (event: MessageEvent<Job>) => {
  const job = event.data;
  if (sizeOf(job) <= smallJob) void reply(job);
  else largeJobs = largeJobs.then(() => reply(job));
});

async function reply(job: Job): Promise<void> {
  self.postMessage(await answer(job), []);
}

async function answer(job: Job): Promise<Reply> {
  switch (job[0]) {
    case "count":
      return await count(job);
    case "encode":
      return await encode(job);
    case "decode":
      return await decode(job);
    case "spell":
      return await spell(job);
  }
}

function sizeOf(job: Job): number {
  if (job[0] === "decode" || job[0] === "spell") return job[3].length;
  const [, , , , ...texts] = job;
  return texts.reduce((sum, text) => sum + text.length + 1, 0);
}

async function decode([, id, encoding, tokens]: Extract<Job, { 0: "decode" }>): Promise<Reply> {
  const encoder = await loadEncoder(encoding);
  return ["decoded", id, new Uint8Array(encoder.decode(tokens))];
}

async function spell([, id, encoding, tokens]: Extract<Job, { 0: "spell" }>): Promise<Reply> {
  const encoder = await loadEncoder(encoding);
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  const texts = Array.from(tokens, (token) => decoder.decode(encoder.decode_single_token_bytes(token)));
  return ["spelt", id, ...texts];
}

async function count([, id, encoding, deadline, ...texts]: Extract<Job, { 0: "count" }>): Promise<Reply> {
  const counts: number[] = [];
  const isDone = await encodeEach(encoding, texts, deadline, (index, tokens) => {
    counts[index] = (counts[index] ?? 0) + tokens.length;
  });
  return isDone ? ["counted", id, ...Array.from(texts, (_, index) => counts[index] ?? 0)] : ["expired", id];
}

async function encode([, id, encoding, deadline, text]: Extract<Job, { 0: "encode" }>): Promise<Reply> {
  const pieces: Uint32Array[] = [];
  let length = 0;
  const isDone = await encodeEach(encoding, [text], deadline, (_, tokens) => {
    pieces.push(tokens);
    length += tokens.length;
  });
  if (!isDone) return ["expired", id];
  const joined = new Uint32Array(length);
  let start = 0;
  for (const piece of pieces) {
    joined.set(piece, start);
    start += piece.length;
  }
  return ["encoded", id, joined];
}

/**
 * Gives the tokens of each text in pieces; false when the deadline passed before the end. Text that looks like a
 * special token is text: a client's message cannot hold a real one.
 */
async function encodeEach(
  encoding: Encoding,
  texts: readonly string[],
  deadline: number,
  give: (index: number, tokens: Uint32Array) => void,
): Promise<boolean> {
  const encoder = await loadEncoder(encoding);
  let turnEnd = Date.now() + turnMs;
  for (const [index, text] of texts.entries()) {
    for (const piece of cutText(text)) {
      const now = Date.now();
      if (now > deadline) return false;
      if (now > turnEnd) {
        await new Promise((resolve) => setImmediate(resolve));
        turnEnd = Date.now() + turnMs;
      }
      give(index, encoder.encode_ordinary(piece));
    }
  }
  return true;
}
