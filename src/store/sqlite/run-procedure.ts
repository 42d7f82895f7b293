import type { Database, Statement as Prepared } from "bun:sqlite";
import { type Procedure, render, type Row, type SqlValue } from "../sql/statement.ts";
import { ofStoredRow, toStored } from "../sql/stored-text.ts";

type Query = Prepared<Row, SqlValue[]>;

/** Runs procedures, in transactions of the caller's. */
export interface ProcedureRunner {
  run<Result>(procedure: Procedure<Result>): Result;
  /** The file stays open as long as statements of it are known. */
  close(): void;
}

/** More than there are forms of statements that are often met. */
const maxPrepared = 256;

export function createProcedureRunner(database: Database): ProcedureRunner {
  const prepared = new Map<string, Query>();
  const prepare = (text: string): Query => {
    const known = prepared.get(text);
    if (known !== undefined) return known;
    const query = database.prepare<Row, SqlValue[]>(text);
    const [oldest] = prepared;
    if (prepared.size >= maxPrepared && oldest !== undefined) {
      oldest[1].finalize();
      prepared.delete(oldest[0]);
    }
    prepared.set(text, query);
    return query;
  };
  return {
    run(procedure) {
      let step = procedure.next([]);
      while (step.done !== true) {
        const { text, values } = render(step.value, "?");
        const rows = prepare(text).all(...values.map(toStored));
        step = procedure.next(rows.map(ofStoredRow));
      }
      return step.value;
    },
    close() {
      for (const query of prepared.values()) query.finalize();
      prepared.clear();
    },
  };
}
