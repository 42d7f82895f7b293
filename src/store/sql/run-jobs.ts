import { ServeError } from "../../core/error.ts";
import type { RecordKey } from "../records.ts";
import { claimRecords } from "./claim-records.ts";
import type { JobContext } from "./context.ts";
import { type ArgsOf, type Job, type JobKind, packings, type Reply, type ResultOf } from "./jobs.ts";
import { readEntries, listRecords } from "./read-pages.ts";
import { findEntry, readChain, readHead } from "./read-records.ts";
import { reasonOf } from "../unavailable.ts";
import { lockShelves, type Shelves } from "./shelves.ts";
import { type Dialect, type Procedure, sql } from "./statement.ts";
import { sweep } from "./sweep.ts";
import { WriteConflict, writeRecords } from "./write-records.ts";

/** Does jobs one after the other, in one transaction if one of them changes anything. What one throws undoes all of them. */
export function* runJobs(jobs: readonly Job[], dialectOf: (job: Job) => Dialect): Procedure<Reply[]> {
  const shelves = yield* lockShelves(jobs.flatMap((job) => (job[0] === "write" ? keysOf(job) : [])));
  const replies: Reply[] = [];
  for (const job of jobs) {
    const [, , , expireMs, maxPerOwner, maxTotalBytes] = job;
    const context = { dialect: dialectOf(job), expireMs, maxPerOwner, maxTotalBytes };
    replies.push(yield* runJob(job, context, shelves));
  }
  return replies;
}

/** The reply to a job that failed alone. */
export function toReply(error: unknown, job: Job): Reply {
  const [, id] = job;
  if (error instanceof WriteConflict) return done("write", job, { kind: "conflict", change: error.change });
  if (!(error instanceof ServeError)) return ["failed", id, String(error)];
  const { kind, message, code = "" } = error;
  return kind === "too_large" ? ["too-large", id, message, code] : ["no-room", id, reasonOf(error)];
}

function* runJob(job: Job, context: JobContext, shelves: Shelves): Procedure<Reply> {
  switch (job[0]) {
    case "head":
      return done("head", job, yield* readHead(context, argsOf("head", job)));
    case "chain":
      return done("chain", job, yield* readChain(context, argsOf("chain", job)));
    case "entries":
      return done("entries", job, yield* readEntries(context, argsOf("entries", job)));
    case "find-entry":
      return done("find-entry", job, yield* findEntry(context, argsOf("find-entry", job)));
    case "list":
      return done("list", job, yield* listRecords(context, argsOf("list", job)));
    case "write":
      return done("write", job, yield* writeRecords(context, argsOf("write", job), shelves));
    case "claim":
      return done("claim", job, yield* claimRecords(context, argsOf("claim", job)));
    case "sweep":
      return done("sweep", job, yield* sweep(context));
    case "probe":
      yield sql`UPDATE probes SET probed_at = ${context.dialect.now}`;
      return done("probe", job, null);
  }
}

/** Of the records that a write is about. */
function keysOf([, , , , , , json]: Job): readonly RecordKey[] {
  const small: readonly { key: RecordKey }[] = JSON.parse(json);
  return small.map(({ key }) => key);
}

function argsOf<Kind extends JobKind>(kind: Kind, [, , , , , , json, ...parts]: Job): ArgsOf<Kind> {
  return packings[kind].args.unpack([json, ...parts]);
}

function done<Kind extends JobKind>(kind: Kind, [, id]: Job, result: ResultOf<Kind>): Reply {
  return ["done", id, ...packings[kind].result.pack(result)];
}
