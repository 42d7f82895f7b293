/** Entry point of the thread that has the file open; `store-thread.ts` is its other side. */
import type { Database } from "bun:sqlite";
import { openDatabase } from "./database.ts";
import type { Job, Opening, Reply } from "./messages.ts";
import { changes, runJob } from "./run-job.ts";

declare const self: Worker;

type WorkJob = Exclude<Job, { 0: "close" }>;

/** Jobs done in one transaction at most. */
const maxTogether = 256;

let opening: Opening | undefined;
let database: Database | undefined;
const waiting: Job[] = [];
let isScheduled = false;

self.addEventListener("message", ({ data }: MessageEvent<Opening | Job>) => {
  if (data[0] === "open") {
    opening = data;
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
  const ours = jobs.filter((job): job is WorkJob => job[0] !== "close");
  for (const reply of ours.length === 0 ? [] : doTogether(ours)) self.postMessage(reply, []);
  for (const job of jobs) if (job[0] === "close") close(job[1]);
}

/** One job's failure must not be the others': what fails together is done again one by one. */
function doTogether(jobs: readonly WorkJob[]): readonly Reply[] {
  try {
    return transact(jobs);
  } catch (error) {
    letGoOfBroken(error);
    if (jobs.length > 1) return jobs.flatMap((job) => doTogether([job]));
    return jobs.map(([, id]): Reply => ["failed", id, String(error)]);
  }
}

function transact(jobs: readonly WorkJob[]): Reply[] {
  const open = opened();
  const all = open.transaction(() => jobs.map((job) => runJob(open, job)));
  return jobs.some(changes) ? all.immediate() : all.deferred();
}

function opened(): Database {
  if (opening === undefined) throw new Error("The thread was not told of its file.");
  const [, path, durability] = opening;
  database ??= openDatabase(path, durability);
  return database;
}

/** A file that is full or locked stays open, it may be well again; any other failure is met with a fresh start. */
function letGoOfBroken(error: unknown): void {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  if (/^SQLITE_(FULL|BUSY|LOCKED)/.test(code)) return;
  database?.close();
  database = undefined;
}

function close(id: number): void {
  try {
    database?.run("PRAGMA wal_checkpoint(TRUNCATE)");
  } catch {
    // The journal stays; the next to open the file reads it.
  }
  database?.close();
  database = undefined;
  const reply: Reply = ["closed", id];
  self.postMessage(reply, []);
}
