import type { Database } from "bun:sqlite";
import type { Durability } from "../location.ts";
import { changes, type Job, type Reply } from "../sql/jobs.ts";
import { runJobs } from "../sql/run-jobs.ts";
import { type Dialect, sql } from "../sql/statement.ts";
import { busyMs, openDatabase } from "./database.ts";
import { createProcedureRunner } from "./run-procedure.ts";

/** A file of a store, in use. */
export interface OpenFile {
  /** Does all of them, or throws and does none. */
  run(jobs: readonly Job[]): readonly Reply[];
  /**
   * Gives some of what is free back to the file system, and with it what was deleted, which then stays in the journal
   * neither. Whether there is more.
   */
  tidy(): boolean;
  close(): void;
}

/** Pages given back to the file system in one go, and when the file is closed. */
const pagesASlice = 512;
const pagesAtTheEnd = 16_384;

export function openFile(path: string, durability: Durability): OpenFile {
  const database = openDatabase(path, durability);
  const runner = createProcedureRunner(database);
  let isChanged = false;
  return {
    run(jobs) {
      const isChange = jobs.some(changes);
      const all = database.transaction(() => runner.run(runJobs(jobs, dialectOf)));
      const replies = isChange ? all.immediate() : all.deferred();
      isChanged ||= isChange;
      return replies;
    },
    tidy() {
      const free = freePages(database);
      if (free > 0) shrink(database, pagesASlice);
      if (free > pagesASlice) return true;
      if (isChanged || free > 0) emptyJournal(database);
      isChanged = false;
      return false;
    },
    close() {
      try {
        shrink(database, pagesAtTheEnd);
        emptyJournal(database);
      } catch {
        // The journal stays; the next to open the file reads it.
      }
      runner.close();
      database.close();
    },
  };
}

function freePages(database: Database): number {
  const [row] = database.query<{ freelist_count: number }, []>("PRAGMA freelist_count").all();
  return row?.freelist_count ?? 0;
}

function shrink(database: Database, pages: number): void {
  database.run(`PRAGMA incremental_vacuum(${pages})`);
}

/** Who else reads the file is not waited for. */
function emptyJournal(database: Database): void {
  database.run("PRAGMA busy_timeout = 0");
  try {
    database.run("PRAGMA wal_checkpoint(TRUNCATE)");
  } finally {
    database.run(`PRAGMA busy_timeout = ${busyMs}`);
  }
}

/** One connection has the file for itself while it writes. */
function dialectOf([, , now]: Job): Dialect {
  return { now: sql`${now}`, forUpdate: sql``, skipLocked: sql`` };
}
