import { maxListed } from "../options.ts";
import type { Collection, StoredRecord } from "../records.ts";
import { headColumns, isAlive, type JobContext } from "./context.ts";
import { headOf, textIn } from "./rows.ts";
import { type Procedure, sql } from "./statement.ts";

export interface ClaimJob {
  collection: Collection;
  leaseMs: number;
  limit: number;
}

/**
 * In one statement, which passes over what another is about to take. The `+` keeps the index of what is due the way to
 * it: nearly all records of a collection are not.
 */
export function* claimRecords(
  context: JobContext,
  { collection, leaseMs, limit }: ClaimJob,
): Procedure<readonly StoredRecord[]> {
  const { now, skipLocked } = context.dialect;
  const rows = yield sql`WITH due AS MATERIALIZED (
      SELECT records.number FROM records
      WHERE records.due_at <= ${now} AND ${isAlive(context)}
        AND +records.shelf IN (SELECT number FROM shelves WHERE collection = ${collection})
      ORDER BY records.due_at LIMIT ${Math.min(limit, maxListed)} ${skipLocked}
    )
    UPDATE records SET due_at = ${now} + ${leaseMs}, version = version + 1, updated_at = ${now}
    FROM due WHERE records.number = due.number
    RETURNING ${headColumns}, records.text, (SELECT owner FROM shelves WHERE shelves.number = records.shelf) AS owner`;
  return rows.map((row) => ({
    ...headOf(row, { collection, owner: textIn(row, "owner") }),
    text: textIn(row, "text"),
  }));
}
