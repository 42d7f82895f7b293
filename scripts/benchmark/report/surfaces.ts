import type { Cell } from "../measure/rounds.ts";
import { storing, surfaceStreams, surfaceWorkloads } from "../measure/surface-workloads.ts";
import type { Results } from "../results.ts";
import { cpuPerToken, cpuRatio, tokenRate, valuesOf, workloadPairs } from "./cells.ts";
import { show } from "./statistics.ts";
import type { Table } from "./table.ts";

/** One answer in each protocol, and what it costs to keep one; no rows where that was not measured. */
export function surfaceTables({ cells }: Results): Table[] {
  const isMeasured = cells.some(({ workload }) => surfaceWorkloads.some(({ name }) => name === workload));
  const { chat } = surfaceStreams;
  const { unstored, stored } = storing;
  return [
    {
      title: `Protocols, ${chat.concurrency} callers (${chat.tokens} tokens each)`,
      head: ["", "tokens/s", "CPU µs/token", "÷ chat"],
      rows: Object.values(isMeasured ? surfaceStreams : {}).map(({ name }) => [
        name,
        show(valuesOf(cells, name, "oai-serve", tokenRate), 0),
        show(valuesOf(cells, name, "oai-serve", cpuPerToken), 1, 1e6),
        show(workloadPairs(cells, [name, chat.name], cpuRatio), 2),
      ]),
    },
    {
      title: `Keeping a response, ${stored.concurrency} caller (${stored.tokens} tokens each)`,
      head: ["", "p50 µs", "p99 µs", "added p50 µs"],
      rows: (isMeasured ? [unstored, stored] : []).map(({ name }) => [
        name,
        show(
          valuesOf(cells, name, "oai-serve", ({ latency }) => latency.p50),
          0,
          1_000,
        ),
        show(
          valuesOf(cells, name, "oai-serve", ({ latency }) => latency.p99),
          0,
          1_000,
        ),
        name === unstored.name ? "–" : show(workloadPairs(cells, [name, unstored.name], addedMs), 0, 1_000),
      ]),
    },
  ];
}

/** What a token costs in Responses, in those of chat. */
export function responsesRatios({ cells }: Results): number[] {
  return workloadPairs(cells, [surfaceStreams.responses.name, surfaceStreams.chat.name], cpuRatio);
}

/** Milliseconds that keeping adds to the median response. */
export function storingTimes({ cells }: Results): number[] {
  return workloadPairs(cells, [storing.stored.name, storing.unstored.name], addedMs);
}

const addedMs = (stored: Cell, unstored: Cell) => stored.latency.p50 - unstored.latency.p50;
