import { dialectStream } from "../measure/dialect-workloads.ts";
import type { Results } from "../results.ts";
import { dialectSubjects } from "../subjects/dialects.ts";
import { cpuPerToken, cpuRatio, pairsOf, tokenRate, valuesOf } from "./cells.ts";
import { show } from "./statistics.ts";
import type { Table } from "./table.ts";

/** Raw contents beside the same typed, by the names of their subjects. */
const twins = [
  ["generic: raw, 2 outputs", "generic: the same typed"],
  ["vllm: raw, 4 outputs", "vllm: the same typed"],
] as const;
const base = "anyserve: typed, 2 outputs";

/** oai-serve in front of each kind of server; none if that was not measured. */
export function dialectTables({ cells }: Results): Table[] {
  const measured = dialectSubjects.filter(
    ({ name }) => valuesOf(cells, dialectStream.name, name, tokenRate).length > 0,
  );
  if (measured.length === 0) return [];
  return [
    {
      title: `Stream of each dialect, ${dialectStream.concurrency} callers (${dialectStream.tokens} tokens each)`,
      head: ["", "tokens/s", "CPU µs/token", "÷ anyserve"],
      rows: measured.map(({ name }) => [
        name,
        show(valuesOf(cells, dialectStream.name, name, tokenRate), 0),
        show(valuesOf(cells, dialectStream.name, name, cpuPerToken), 1, 1e6),
        show(pairsOf(cells, dialectStream.name, [name, base], cpuRatio), 2),
      ]),
    },
  ];
}

/** What a token of raw contents costs, in those of the same typed; one for each round and pair. */
export function rawRatios({ cells }: Results): number[] {
  return twins.flatMap((pair) => pairsOf(cells, dialectStream.name, pair, cpuRatio));
}
