/** Entry point of the thread that has the file open; `thread/store-thread.ts` is its other side. */
import type { Durability } from "../location.ts";
import { changes, type Job, type Reply } from "../sql/jobs.ts";
import { openFile, type OpenFile } from "./open-file.ts";
import { toReply } from "../sql/run-jobs.ts";

declare const self: Worker;

type Message = readonly [kind: "open", path: string, durability: Durability] | Job | Close;
type Close = readonly [kind: "close", id: number];

/** Jobs done in one transaction at most. */
const maxTogether = 256;
/** Between two slices of what is given back to the file system, in milliseconds. */
const pauseMs = 10;

let opening: readonly [path: string, durability: Durability] | undefined;
let file: OpenFile | undefined;
const waiting: (Job | Close)[] = [];
let isScheduled = false;
let tidying: ReturnType<typeof setTimeout> | undefined;

self.addEventListener("message", ({ data }: MessageEvent<Message>) => {
  if (data[0] === "open") {
    opening = [data[1], data[2]];
    return;
  }
  waiting.push(data);
  schedule();
});

/** Later than all messages that have come already, so that they share a transaction and its way to the disk. */
function schedule(): void {
  if (isScheduled) return;
  isScheduled = true;
  setImmediate(() => {
    isScheduled = false;
    work();
    if (waiting.length > 0) schedule();
  });
}

function work(): void {
  const jobs = waiting.splice(0, maxTogether);
  const ours = jobs.filter((job): job is Job => job[0] !== "close");
  const writes = ours.filter(changes);
  // What is read goes out before more is: it may be large.
  const reads = ours.filter((job) => !changes(job)).map((job) => [job]);
  for (const together of [...(writes.length > 0 ? [writes] : []), ...reads]) {
    for (const reply of doTogether(together)) self.postMessage(reply, []);
  }
  if (ours.some(([kind]) => kind === "sweep")) tidy();
  for (const job of jobs) if (job[0] === "close") close(job[1]);
}

/** Slice by slice, so that jobs get their turn between them. */
function tidy(): void {
  clearTimeout(tidying);
  try {
    if (file?.tidy() === true) tidying = setTimeout(tidy, pauseMs);
  } catch {
    // The next sweep tries again; who cannot use the file is told by its own job.
  }
}

/**
 * One job's failure must not be the others': what fails together is done again one by one. Whoever has the file locked
 * is waited for once.
 */
function doTogether(jobs: readonly Job[]): readonly Reply[] {
  try {
    return opened().run(jobs);
  } catch (error) {
    if (jobs.length > 1 && !codeOf(error).startsWith("SQLITE_BUSY"))
      return jobs.flatMap((job) => doTogether([job]));
    const replies = jobs.map((job) => toReply(error, job));
    if (replies.some(([kind]) => kind === "failed")) letGoOfBroken(error);
    return replies;
  }
}

function opened(): OpenFile {
  if (opening === undefined) throw new Error("The thread was not told of its file.");
  file ??= openFile(...opening);
  return file;
}

/** A file that cannot grow or is locked stays open, it may be well again; any other failure is met with a fresh start. */
function letGoOfBroken(error: unknown): void {
  if (/^SQLITE_(FULL|BUSY|LOCKED|IOERR_WRITE)/.test(codeOf(error))) return;
  file?.close();
  file = undefined;
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "";
}

function close(id: number): void {
  file?.close();
  file = undefined;
  const reply = ["closed", id] as const;
  self.postMessage(reply, []);
}
