/** Entry point of the thread in which text is encoded; `tokenizer.ts` is its other side. */
import type { Tiktoken } from "tiktoken/lite/init";
import { cutText } from "./cut.ts";
import { loadEncoder } from "./encoder.ts";
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
  const answer = job[0] === "decode" ? await decode(job) : await count(job);
  self.postMessage(answer, []);
}

function sizeOf(job: Job): number {
  if (job[0] === "decode") return job[3].length;
  const [, , , , ...texts] = job;
  return texts.reduce((sum, text) => sum + text.length + 1, 0);
}

async function decode([, id, encoding, tokens]: Extract<Job, { 0: "decode" }>): Promise<Reply> {
  const encoder = await loadEncoder(encoding);
  return ["decoded", id, new Uint8Array(encoder.decode(tokens))];
}

async function count([, id, encoding, deadline, ...texts]: Extract<Job, { 0: "count" }>): Promise<Reply> {
  const encoder = await loadEncoder(encoding);
  const counts: number[] = [];
  let turnEnd = Date.now() + turnMs;
  for (const text of texts) {
    let tokens = 0;
    for (const piece of cutText(text)) {
      const now = Date.now();
      if (now > deadline) return ["expired", id];
      if (now > turnEnd) {
        await new Promise((resolve) => setImmediate(resolve));
        turnEnd = Date.now() + turnMs;
      }
      tokens += countPiece(encoder, piece);
    }
    counts.push(tokens);
  }
  return ["counted", id, ...counts];
}

/** Text that looks like a special token is text: a client's message cannot hold a real one. */
function countPiece(encoder: Tiktoken, piece: string): number {
  return encoder.encode_ordinary(piece).length;
}
