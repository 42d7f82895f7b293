import type { Cell } from "../measure/rounds.ts";

/** Values of one subject and workload, one a round. */
export function valuesOf(
  cells: readonly Cell[],
  workload: string,
  subject: string,
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
  [left, right]: readonly [string, string],
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

/** What a token costs `left`, in what it costs `right`. */
export function cpuRatio(left: Cell, right: Cell): number | undefined {
  const own = cpuPerToken(left);
  const other = cpuPerToken(right);
  return own === undefined || other === undefined ? undefined : own / other;
}

/** As `pairsOf`, of two workloads of oai-serve. */
export function workloadPairs(
  cells: readonly Cell[],
  [left, right]: readonly [string, string],
  combine: (left: Cell, right: Cell) => number | undefined,
): number[] {
  const own = cells.filter((cell) => cell.subject === "oai-serve");
  return own
    .filter((cell) => cell.workload === left)
    .map((cell) => {
      const other = own.find(({ round, workload }) => round === cell.round && workload === right);
      return other === undefined ? undefined : combine(cell, other);
    })
    .filter((found) => found !== undefined);
}
