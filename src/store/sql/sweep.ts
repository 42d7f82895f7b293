import { ageOf, type JobContext } from "./context.ts";
import { numberIn } from "./rows.ts";
import { removeExpired } from "./shelves.ts";
import { type Procedure, sql } from "./statement.ts";

/** Records removed in one go at most. */
const recordsASlice = 200;

/** Removes some of what has expired; whether that was all. */
export function* sweep(context: JobContext): Procedure<boolean> {
  const { now, skipLocked } = context.dialect;
  // The oldest by either clock, each found by its index.
  const [expired] = yield sql`SELECT shelf FROM (SELECT shelf FROM records
      WHERE updated_at < ${now} - ${ageOf(context.expireMs)} ORDER BY updated_at LIMIT 1) AS old
    UNION ALL SELECT shelf FROM (SELECT shelf FROM records
      WHERE expires_at <= ${now} ORDER BY expires_at LIMIT 1) AS ended
    LIMIT 1`;
  if (expired === undefined) return true;
  // Where another has it, that one may be at the same; there is a next time.
  const [shelf] =
    yield sql`SELECT number FROM shelves WHERE number = ${numberIn(expired, "shelf")} ${skipLocked}`;
  if (shelf === undefined) return true;
  yield* removeExpired(context, numberIn(shelf, "number"), recordsASlice);
  return false;
}
