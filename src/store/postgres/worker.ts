/** Entry point of the thread that has connections to PostgreSQL; `thread/store-thread.ts` is its other side. */
import type { RecordKey } from "../records.ts";
import type { Job, Reply } from "../sql/jobs.ts";
import { toReply } from "../sql/run-jobs.ts";
import { isAway } from "./failures.ts";
import { createLanes, type Lanes } from "./lanes.ts";
import { openPool, type Pool, TransactionLost } from "./open-pool.ts";
import type { PostgresLocation } from "./read-url.ts";

declare const self: Worker;

type Close = readonly [kind: "close", id: number];
type Message = readonly [kind: "open", location: string] | Job | Close;

/** Writes done in one transaction at most. */
const maxTogether = 64;

interface Opened {
  pool: Pool;
  /** Writes, by their owners: those of one owner wait for each other anyway, and so share a transaction. */
  writes: Lanes<Job>;
}

let opened: Opened | undefined;
const running = new Set<Promise<void>>();

self.addEventListener("message", ({ data }: MessageEvent<Message>) => {
  if (data[0] === "open") {
    const location: PostgresLocation = JSON.parse(data[1]);
    opened = open(location);
  } else if (data[0] === "close") void close(data[1]);
  else if (opened !== undefined) take(data, opened);
});

function open(location: PostgresLocation): Opened {
  const pool = openPool(location);
  // Who reads finds a connection while others write.
  const maxRunning = Math.max(1, location.connections - 2);
  return {
    pool,
    writes: createLanes({
      maxRunning,
      maxTogether,
      run: (jobs) => replyTo(jobs, () => doTogether(pool, jobs)),
    }),
  };
}

function take(job: Job, { pool, writes }: Opened): void {
  if (job[0] === "write") {
    writes.add(ownerOf(job), job);
    return;
  }
  const work = replyTo([job], () => (job[0] === "sweep" ? pool.transact([job]) : pool.run(job)));
  running.add(work);
  void work.finally(() => running.delete(work));
}

/** Each job has its reply, whatever happens. */
async function replyTo(jobs: readonly Job[], work: () => Promise<readonly Reply[]>): Promise<void> {
  const replies = await work().catch((error: unknown) => jobs.map((job) => replyToFailed(error, job)));
  for (const reply of replies) self.postMessage(reply, []);
}

/** One job's failure must not be the others': what fails together is done again one by one. */
async function doTogether(pool: Pool, jobs: readonly Job[]): Promise<readonly Reply[]> {
  try {
    return await pool.transact(jobs);
  } catch (error) {
    if (jobs.length === 1 || error instanceof TransactionLost || isAway(error)) throw error;
    const replies: Reply[] = [];
    for (const job of jobs) {
      const alone = await pool.transact([job]).catch((failure: unknown) => [replyToFailed(failure, job)]);
      replies.push(...alone);
    }
    return replies;
  }
}

function replyToFailed(error: unknown, job: Job): Reply {
  const isUnreachable = isAway(error) || error instanceof TransactionLost;
  return isUnreachable ? ["unreachable", job[1], String(error)] : toReply(error, job);
}

function ownerOf([, , , , , , json]: Job): string {
  const [first]: readonly { key: RecordKey }[] = JSON.parse(json);
  return first?.key.owner ?? "";
}

async function close(id: number): Promise<void> {
  await opened?.writes.idle();
  await Promise.all(running);
  await opened?.pool.close();
  opened = undefined;
  const reply = ["closed", id] as const;
  self.postMessage(reply, []);
}
