import type { Cell } from "../measure/rounds.ts";
import type { SubjectName } from "../subjects/subject.ts";

/** Values of one subject and workload, one a round. */
export function valuesOf(
  cells: readonly Cell[],
  workload: string,
  subject: SubjectName,
  value: (cell: Cell) => number | undefined,
): number[] {
  return cells
    .filter((cell) => cell.workload === workload && cell.subject === subject)
    .map(value)
    .filter((found) => found !== undefined);
}

/** What `combine` makes of two subjects in each round: differences and ratios are of the same minute. */
export function pairsOf(
  cells: readonly Cell[],
  workload: string,
  [left, right]: readonly [SubjectName, SubjectName],
  combine: (left: Cell, right: Cell) => number | undefined,
): number[] {
  return cells
    .filter((cell) => cell.workload === workload && cell.subject === left)
    .map((cell) => {
      const other = cells.find(
        ({ round, workload: name, subject }) =>
          round === cell.round && name === workload && subject === right,
      );
      return other === undefined ? undefined : combine(cell, other);
    })
    .filter((found) => found !== undefined);
}

export const answerRate = (cell: Cell) => cell.answers / cell.seconds;
export const tokenRate = (cell: Cell) => cell.tokens / cell.seconds;
export const cpuPerAnswer = (cell: Cell) => (cell.cpu === undefined ? undefined : cell.cpu / cell.answers);
export const cpuPerToken = (cell: Cell) => (cell.cpu === undefined ? undefined : cell.cpu / cell.tokens);
