import type { Cell } from "../measure/rounds.ts";
import { parsing, rendering } from "../measure/model-workloads.ts";
import type { Results } from "../results.ts";
import { cpuPerAnswer, cpuPerToken, cpuRatio, valuesOf, workloadPairs } from "./cells.ts";
import { show } from "./statistics.ts";
import type { Table } from "./table.ts";

/** What reading and writing text in a model's form costs; no rows where it was not measured. */
export function modelTables(results: Results): Table[] {
  return [parsingTable(results), toolsTable(results), renderingTable(results)];
}

function parsingTable(results: Results): Table {
  const { cells } = results;
  const { text, seenThrough, call, manyTools } = parsing;
  const rows = [text, seenThrough, call]
    .filter(({ name }) => isMeasured(cells, name))
    .map(({ name }) => [
      name,
      show(valuesOf(cells, name, "oai-serve", cpuPerToken), 1, 1e6),
      show(workloadPairs(cells, [name, text.name], cpuRatio), 2),
    ]);
  const last = [
    "stream: the same, 200 KB of tools, without the request",
    show(tokenCosts(cells), 1, 1e6),
    show(parsingRatios(results).manyTools, 2),
  ];
  return {
    title: `Text, reasoning and tool calls, ${text.concurrency} callers (${text.tokens} tokens each)`,
    head: ["", "CPU µs/token", "÷ text"],
    rows: isMeasured(cells, manyTools.name) ? [...rows, last] : rows,
  };
}

/**
 * CPU seconds for a token of an answer to a request with many tools: what is left of a long answer when a short one is
 * taken away.
 */
function tokenCosts(cells: readonly Cell[]): number[] {
  const { manyTools, shortManyTools } = parsing;
  return workloadPairs(cells, [manyTools.name, shortManyTools.name], (long, short) =>
    long.cpu === undefined || short.cpu === undefined
      ? undefined
      : (long.cpu / long.answers - short.cpu / short.answers) / (manyTools.tokens - shortManyTools.tokens),
  );
}

/** What a request costs before its first token shows in answers that are short. */
function toolsTable({ cells }: Results): Table {
  const { shortCall, shortManyTools } = parsing;
  return {
    title: `A request with tools, ${shortCall.concurrency} callers (${shortCall.tokens} tokens each)`,
    head: ["", "CPU µs/answer", "added CPU µs"],
    rows: [shortCall, shortManyTools]
      .filter(({ name }) => isMeasured(cells, name))
      .map(({ name }) => [
        name,
        show(valuesOf(cells, name, "oai-serve", cpuPerAnswer), 0, 1e6),
        name === shortCall.name
          ? "–"
          : show(
              workloadPairs(cells, [name, shortCall.name], (large, small) =>
                large.cpu === undefined || small.cpu === undefined
                  ? undefined
                  : large.cpu / large.answers - small.cpu / small.answers,
              ),
              0,
              1e6,
            ),
      ]),
  };
}

const renderingPairs = [
  ["built-in", rendering.long, rendering.short],
  ["Jinja", rendering.longJinja, rendering.shortJinja],
] as const;

function renderingTable(results: Results): Table {
  const { cells } = results;
  return {
    title: "Prompts, 1 caller (1 token each)",
    head: ["", "p50 µs", "p99 µs", "added p50 µs"],
    rows: renderingPairs
      .flatMap(([, long, short]) => [
        { name: short.name, added: "–" },
        { name: long.name, added: show(workloadPairs(cells, [long.name, short.name], addedMs), 0, 1_000) },
      ])
      .filter(({ name }) => isMeasured(cells, name))
      .map(({ name, added }) => [
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
        added,
      ]),
  };
}

/** Milliseconds that a long conversation adds to the median answer, reading the request and sending the prompt included. */
export function renderingTimes({ cells }: Results): { template: string; values: number[] }[] {
  return renderingPairs.map(([template, long, short]) => ({
    template,
    values: workloadPairs(cells, [long.name, short.name], addedMs),
  }));
}

const addedMs = (long: Cell, short: Cell) => long.latency.p50 - short.latency.p50;

/** What a token of an answer with reasoning and a tool call costs, in tokens of text; with many tools, as `tokenCosts`. */
export function parsingRatios({ cells }: Results): { call: number[]; manyTools: number[] } {
  const { text, call } = parsing;
  const plain = valuesOf(cells, text.name, "oai-serve", cpuPerToken);
  return {
    call: workloadPairs(cells, [call.name, text.name], cpuRatio),
    manyTools: tokenCosts(cells).map((cost, round) => cost / (plain[round] ?? Number.NaN)),
  };
}

function isMeasured(cells: readonly Cell[], workload: string): boolean {
  return cells.some((cell) => cell.workload === workload);
}
