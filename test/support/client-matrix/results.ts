import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Cell } from "./rows.ts";

/** How far a test came: it was skipped, it failed, or it passed. */
export type Outcome = "declared" | "begun" | "passed";

export interface Result extends Cell {
  outcome: Outcome;
}

/**
 * Writes a test's outcome, as a file of its own in the folder that `OAI_SERVE_CLIENT_MATRIX` names: test files run in
 * processes that share nothing else. The function that it gives writes a later outcome over it. Without the variable,
 * nothing is written.
 */
export function recordResult(cell: Cell): (outcome: Outcome) => void {
  const folder = process.env["OAI_SERVE_CLIENT_MATRIX"];
  if (folder === undefined) return () => {};
  const path = join(folder, `${crypto.randomUUID()}.json`);
  const write = (outcome: Outcome) => writeFileSync(path, JSON.stringify({ ...cell, outcome }));
  write("declared");
  return write;
}

/** Every result of a run. */
export function readResults(folder: string): Result[] {
  return readdirSync(folder).map((name) => JSON.parse(readFileSync(join(folder, name), "utf8")));
}
