import type { SQL } from "bun";
import { type Procedure, render, type Row } from "../sql/statement.ts";
import { ofStoredRow, toStored } from "../sql/stored-text.ts";

/** Runs a procedure to its end, over a pool or in a transaction. */
export async function runProcedure<Result>(client: SQL, procedure: Procedure<Result>): Promise<Result> {
  let step = procedure.next([]);
  while (step.done !== true) {
    const { text, values } = render(step.value, "$");
    const rows: readonly Row[] = await client.unsafe(text, values.map(toStored));
    step = procedure.next(rows.map(ofStoredRow));
  }
  return step.value;
}
