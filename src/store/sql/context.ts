import { type Dialect, sql, type Statement } from "./statement.ts";

/** What holds for one job. */
export interface JobContext {
  dialect: Dialect;
  /** How long a record is kept after its last write, in milliseconds; 0 for ever. */
  expireMs: number;
  maxPerOwner: number;
  maxTotalBytes: number;
}

/** Of a record: everything that `headOf` reads. No other table has columns of these names but `record_entries`. */
export const headColumns: Statement = sql`records.id, records.version, records.created_at, records.updated_at,
  records.expires_at, records.parent, records.labels, records.entries, records.due_at`;

/** Whether a record has not expired. */
export function isAlive({ dialect: { now }, expireMs }: JobContext): Statement {
  return sql`(records.updated_at >= ${now} - ${ageOf(expireMs)} AND (records.expires_at IS NULL OR records.expires_at > ${now}))`;
}

/** Milliseconds after its last write from which on a record is gone. */
export function ageOf(expireMs: number): number {
  return expireMs === 0 ? Number.MAX_SAFE_INTEGER : expireMs;
}

/** The beginning of a long name, of which indexes can hold no more. */
export function startOf(name: Statement): Statement {
  return sql`substr(${name}, 1, 200)`;
}
