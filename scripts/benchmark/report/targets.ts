import type { Results } from "../results.ts";
import { agentRatios, agentStartCosts } from "./agents.ts";
import { cpuPerToken, valuesOf } from "./cells.ts";
import { rawRatios } from "./dialects.ts";
import { parsingRatios, renderingTimes } from "./models.ts";
import { tokenRatesToPython } from "./ratios.ts";
import { grouped, statistic } from "./statistics.ts";
import { responsesRatios, storingTimes } from "./surfaces.ts";
import type { Table } from "./table.ts";

interface Target {
  name: string;
  unit: string;
  digits: number;
  limit: { atMost: number } | { below: number } | { atLeast: number };
  values: readonly number[];
}

/** What oai-serve is meant to reach with this transport, by the median of what was measured. */
export function targetTable(results: Results): Table {
  return {
    title: "Targets",
    head: ["", "target", "measured", ""],
    rows: targetsOf(results).map(({ name, unit, digits, limit, values }) => {
      const measured = statistic(values)?.median;
      return [
        name,
        `${limitText(limit)}${unit}`,
        measured === undefined ? "–" : `${grouped(measured, digits)}${unit}`,
        measured === undefined ? "not measured" : isReached(measured, limit) ? "pass" : "miss",
      ];
    }),
  };
}

function targetsOf(results: Results): Target[] {
  const { cells, streams, coldStartMs } = results;
  return [
    {
      name: "CPU for each streamed token, 64 callers",
      unit: " µs",
      digits: 1,
      limit: { atMost: 14 },
      values: valuesOf(cells, "stream, 64 callers", "oai-serve", cpuPerToken).map((seconds) => seconds * 1e6),
    },
    {
      name: "tokens/s ÷ Python stack, 64 callers",
      unit: "",
      digits: 2,
      limit: { atLeast: 2.5 },
      values: tokenRatesToPython(cells),
    },
    {
      name: "CPU for each token, raw ÷ typed contents",
      unit: "",
      digits: 2,
      limit: { atMost: 1 },
      values: rawRatios(results),
    },
    {
      name: "CPU for each token, reasoning and tool calls ÷ text",
      unit: "",
      digits: 2,
      limit: { atMost: 1.5 },
      values: parsingRatios(results).call,
    },
    {
      name: "the same with 200 KB of tools on offer",
      unit: "",
      digits: 2,
      limit: { atMost: 1.5 },
      values: parsingRatios(results).manyTools,
    },
    {
      name: "CPU for each piece, an agent that writes by itself ÷ a model",
      unit: "",
      digits: 2,
      limit: { atMost: 1 },
      values: agentRatios(results),
    },
    {
      name: "time that ten agent files add to the start",
      unit: " ms",
      digits: 0,
      limit: { below: 50 },
      values: agentStartCosts(results),
    },
    {
      name: "CPU for each token, Responses ÷ chat",
      unit: "",
      digits: 2,
      limit: { atMost: 2 },
      values: responsesRatios(results),
    },
    {
      name: "time that keeping a response in SQLite adds, p50",
      unit: " ms",
      digits: 2,
      limit: { below: 1 },
      values: storingTimes(results),
    },
    ...renderingTimes(results).map(({ template, values }) => ({
      name: `time that a chat of 8,000 tokens adds, ${template} template`,
      unit: " ms",
      digits: 2,
      limit: { below: 2 },
      values,
    })),
    ...streams.map((measured) => ({
      name: `memory for each of ${grouped(measured.streams, 0)} open streams`,
      unit: " KB",
      digits: 1,
      limit: { below: 64 },
      values: [measured.perStream / 1_024],
    })),
    { name: "cold start", unit: " ms", digits: 0, limit: { below: 60 }, values: coldStartMs },
    {
      name: "idle memory after the start",
      unit: " MB",
      digits: 1,
      limit: { below: 60 },
      values: streams.map(({ afterStart }) => afterStart.rss / 1_048_576),
    },
  ];
}

function limitText(limit: Target["limit"]): string {
  if ("atMost" in limit) return `≤ ${limit.atMost}`;
  return "below" in limit ? `< ${limit.below}` : `≥ ${limit.atLeast}`;
}

function isReached(measured: number, limit: Target["limit"]): boolean {
  if ("atMost" in limit) return measured <= limit.atMost;
  return "below" in limit ? measured < limit.below : measured >= limit.atLeast;
}
