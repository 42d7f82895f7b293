import type { Database } from "bun:sqlite";
import type { Durability } from "../location.ts";
import { changes, type Job, type Reply } from "../sql/jobs.ts";
import { runJobs } from "../sql/run-jobs.ts";
import { type Dialect, sql } from "../sql/statement.ts";
import { openDatabase } from "./database.ts";
import { createProcedureRunner } from "./run-procedure.ts";

/** A file of a store, in use. */
export interface OpenFile {
  /** Does all of them, or throws and does none. */
  run(jobs: readonly Job[]): readonly Reply[];
  /** Gives room that is free back to the file system, and lets nothing of what was deleted stay in the journal. */
  tidy(): void;
  close(): void;
}

/** Pages given back to the file system in one go. */
const pagesASlice = 512;

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
      database.run(`PRAGMA incremental_vacuum(${pagesASlice})`);
      if (isChanged) emptyJournal(database);
      isChanged = false;
    },
    close() {
      try {
        emptyJournal(database);
      } catch {
        // The journal stays; the next to open the file reads it.
      }
      runner.close();
      database.close();
    },
  };
}

/** Who else reads the file is not waited for. */
function emptyJournal(database: Database): void {
  database.run("PRAGMA wal_checkpoint(TRUNCATE)");
}

/** One connection has the file for itself while it writes. */
function dialectOf([, , now]: Job): Dialect {
  return { now: sql`${now}`, forUpdate: sql``, skipLocked: sql`` };
}
