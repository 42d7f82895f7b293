import type { Results } from "../results.ts";
import type { Cell } from "../measure/rounds.ts";
import { answerRate, cpuRatio, pairsOf, tokenRate } from "./cells.ts";
import { show } from "./statistics.ts";
import type { Table } from "./table.ts";

/** How oai-serve compares, each ratio within one round. */
export function ratioTable({ cells }: Results): Table {
  const rows: [string, number[]][] = [
    [
      "p50 of an answer ÷ direct gRPC",
      pairsOf(
        cells,
        "answer, 1 caller",
        ["oai-serve", "direct gRPC"],
        (own, direct) => own.latency.p50 / direct.latency.p50,
      ),
    ],
    ["p50 of an answer ÷ (direct gRPC + bare Bun.serve)", floorRatios(cells)],
    [
      "answers/s at 64 ÷ bare Bun.serve",
      pairsOf(cells, "answer, 64 callers", ["oai-serve", "bare Bun.serve"], rate(answerRate)),
    ],
    [
      "answers/s at 64 ÷ direct gRPC",
      pairsOf(cells, "answer, 64 callers", ["oai-serve", "direct gRPC"], rate(answerRate)),
    ],
    ["answers/s at 64 ÷ Python stack", pairsOf(cells, "answer, 64 callers", pythonPair, rate(answerRate))],
    [
      "tokens/s at 64 ÷ direct gRPC",
      pairsOf(cells, "stream, 64 callers", ["oai-serve", "direct gRPC"], rate(tokenRate)),
    ],
    ["tokens/s at 64 ÷ Python stack", tokenRatesToPython(cells)],
    [
      "CPU for each token at 64 ÷ direct gRPC",
      pairsOf(cells, "stream, 64 callers", ["oai-serve", "direct gRPC"], cpuRatio),
    ],
  ];
  return {
    title: "oai-serve in ratios",
    head: ["", "ratio"],
    rows: rows.filter(([, values]) => values.length > 0).map(([name, values]) => [name, show(values, 2)]),
  };
}

const pythonPair = ["oai-serve", "Python stack"] as const;

export function tokenRatesToPython(cells: readonly Cell[]): number[] {
  return pairsOf(cells, "stream, 64 callers", pythonPair, rate(tokenRate));
}

/** 1 means: no more than one HTTP exchange and one gRPC call after the other. */
function floorRatios(cells: readonly Cell[]): number[] {
  return pairsOf(cells, "answer, 1 caller", ["oai-serve", "direct gRPC"], (own, direct) => {
    const bare = cells.find(
      ({ round, workload, subject }) =>
        round === own.round && workload === own.workload && subject === "bare Bun.serve",
    );
    return bare === undefined ? undefined : own.latency.p50 / (bare.latency.p50 + direct.latency.p50);
  });
}

function rate(of: (cell: Cell) => number): (left: Cell, right: Cell) => number {
  return (left, right) => of(left) / of(right);
}
