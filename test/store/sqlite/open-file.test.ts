import { Database } from "bun:sqlite";
import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { claimRecords } from "../../../src/store/sql/claim-records.ts";
import type { JobContext } from "../../../src/store/sql/context.ts";
import type { Job } from "../../../src/store/sql/jobs.ts";
import { removeExpired } from "../../../src/store/sql/shelves.ts";
import { render, sql, type SqlValue, type Statement } from "../../../src/store/sql/statement.ts";
import { openDatabase } from "../../../src/store/sqlite/database.ts";
import { openFile, type OpenFile } from "../../../src/store/sqlite/open-file.ts";

const context: JobContext = {
  dialect: { now: sql`${1_000}`, forUpdate: sql``, skipLocked: sql`` },
  expireMs: 100,
  maxPerOwner: 10,
  maxTotalBytes: 1_000_000,
};

const probe: Job = ["probe", 1, 0, 0, 10, 1_000_000, "null"];

let directory: string;
let path: string;
let file: OpenFile;
let other: Database;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "oai-serve-store-"));
  path = join(directory, "store.db");
  file = openFile(path, "normal");
  other = openDatabase(path, "normal");
});
afterEach(() => {
  other.close();
  file.close();
  rmSync(directory, { recursive: true, force: true });
});

test("tidying up waits for nobody who reads", () => {
  const reader = new Database(path);
  reader.run("BEGIN");
  reader.run("SELECT * FROM probes");
  file.run([probe]);

  const began = performance.now();
  file.tidy();
  // The wait for who writes is five seconds.
  expect(performance.now() - began).toBeLessThan(4_000);

  reader.close();
  file.run([probe]);
  file.tidy();
  expect(statSync(`${path}-wal`).size).toBe(0);
});

test("what is due, and what has ended, is found by indexes that have nothing else", () => {
  const claim = claimRecords(context, { collection: "response", leaseMs: 1_000, limit: 8 });
  expect(planOf(claim.next([]))).toContain("records USING INDEX records_due");
  expect(planOf(removeExpired(context, 1, 200).next([]))).toContain("INDEX records_by_end");
});

function planOf(step: IteratorResult<Statement, unknown>): string {
  if (step.done === true) throw new Error("There is no statement.");
  const { text, values } = render(step.value, "?");
  const query = other.prepare<{ detail: string }, SqlValue[]>(`EXPLAIN QUERY PLAN ${text}`);
  return query
    .all(...values)
    .map(({ detail }) => detail)
    .join("\n");
}
