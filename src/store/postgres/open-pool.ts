import type { SQL } from "bun";
import type { Job, Reply } from "../sql/jobs.ts";
import { runJobs } from "../sql/run-jobs.ts";
import { type Dialect, sql } from "../sql/statement.ts";
import { connect } from "./connect.ts";
import { isCrossed, isCut, isGone } from "./failures.ts";
import { migrate } from "./migrate.ts";
import type { PostgresLocation } from "./read-url.ts";
import { runProcedure } from "./run-procedure.ts";

/** A database in use. */
export interface Pool {
  /** Does a job whose statements need no transaction. */
  run(job: Job): Promise<readonly Reply[]>;
  /** Does all of them, or rejects and does none; with `TransactionLost` where that cannot be known. */
  transact(jobs: readonly Job[]): Promise<readonly Reply[]>;
  /** Those that run come to their end. */
  close(): Promise<void>;
}

/** The connection was lost when a transaction was to end. */
export class TransactionLost extends Error {
  override readonly name = "TransactionLost";
}

/** How often something is tried that is in the way of another, or whose connections, one after the other, were lost. */
const minAttempts = 10;
/** The longest pause before another try, in milliseconds. */
const pauseMs = 20;
const closeSeconds = 5;

/** The clock of the database counts: those of several servers may differ. */
const dialect: Dialect = {
  now: sql`now_ms()`,
  forUpdate: sql`FOR UPDATE`,
  skipLocked: sql`FOR UPDATE SKIP LOCKED`,
};

export function openPool(location: PostgresLocation): Pool {
  const client = connect(location);
  const maxAttempts = Math.max(minAttempts, location.connections + 1);
  let ready: Promise<void> | undefined;

  const prepare = () => {
    ready ??= migrate(client, location.schema).catch((error: unknown) => {
      ready = undefined;
      throw error;
    });
    return ready;
  };
  const attempt = async <Result>(work: () => Promise<Result>): Promise<Result> => {
    for (let count = 1; ; count++) {
      try {
        await prepare();
        return await work();
      } catch (error) {
        if (isGone(error)) ready = undefined;
        if (!isWorthAnotherTry(error) || count === maxAttempts) throw error;
        await Bun.sleep(Math.random() * pauseMs);
      }
    }
  };

  return {
    run: (job) =>
      attempt(() =>
        runProcedure(
          client,
          runJobs([job], () => dialect),
        ),
      ),
    transact: (jobs) => attempt(() => transact(client, jobs)),
    close: () => client.close({ timeout: closeSeconds }),
  };
}

function isWorthAnotherTry(error: unknown): boolean {
  return isCrossed(error) || isCut(error) || isGone(error);
}

async function transact(client: SQL, jobs: readonly Job[]): Promise<readonly Reply[]> {
  let isMade = false;
  try {
    const { replies } = await client.begin(async (transaction) => {
      const made = await runProcedure(
        transaction,
        runJobs(jobs, () => dialect),
      );
      isMade = true;
      return { replies: made };
    });
    return replies;
  } catch (error) {
    throw isMade
      ? new TransactionLost("The connection was lost at the end of a transaction.", { cause: error })
      : error;
  }
}
