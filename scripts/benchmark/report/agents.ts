import { agentFileCount, agentStreams, agentWorkloads } from "../measure/agent-workloads.ts";
import type { Results } from "../results.ts";
import { cpuPerToken, cpuRatio, tokenRate, valuesOf, workloadPairs } from "./cells.ts";
import { show } from "./statistics.ts";
import type { Table } from "./table.ts";

/** Agents beside the model below them; no rows where that was not measured. */
export function agentTables({ cells, agentStartMs }: Results): Table[] {
  const measured = agentWorkloads.filter(({ name }) => cells.some(({ workload }) => workload === name));
  return [
    {
      title: `Agents, ${agentStreams.model.concurrency} callers (${agentStreams.model.tokens} pieces each)`,
      head: ["", "pieces/s", "CPU µs/piece", "÷ model"],
      rows: measured.map(({ name }) => [
        name,
        show(valuesOf(cells, name, "oai-serve", tokenRate), 0),
        show(valuesOf(cells, name, "oai-serve", cpuPerToken), 1, 1e6),
        show(workloadPairs(cells, [name, agentStreams.model.name], cpuRatio), 2),
      ]),
    },
    {
      title: "Start with agent files",
      head: ["", ""],
      rows:
        agentStartMs.length === 0
          ? []
          : [[`cold start with ${agentFileCount} agent files`, `${show(agentStartMs, 0)} ms`]],
    },
  ];
}

/** What a piece of an agent that writes by itself costs, in those of the model. */
export function agentRatios({ cells }: Results): number[] {
  return workloadPairs(cells, [agentStreams.writer.name, agentStreams.model.name], cpuRatio);
}

/** Milliseconds that agent files add to a start; one value, of the medians. */
export function agentStartCosts({ agentStartMs, coldStartMs }: Results): number[] {
  if (agentStartMs.length === 0 || coldStartMs.length === 0) return [];
  return [median(agentStartMs) - median(coldStartMs)];
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
}
