import { workloads } from "../measure/workloads.ts";
import type { Results } from "../results.ts";
import type { Workload } from "../load/exchange.ts";
import { answerRate, cpuPerAnswer, cpuPerToken, pairsOf, tokenRate, valuesOf } from "./cells.ts";
import { show } from "./statistics.ts";
import type { Table } from "./table.ts";

const subjects: readonly string[] = ["direct gRPC", "bare Bun.serve", "oai-serve", "Python stack"];

/** One table for each workload, a row for each subject. */
export function speedTables({ cells }: Results): Table[] {
  return workloads
    .filter(({ name }) => cells.some((cell) => cell.workload === name))
    .map((workload) => speedTable(cells, workload));
}

function speedTable(cells: Results["cells"], workload: Workload): Table {
  const columns = workload.stream ? streamColumns : answerColumns;
  const measured = subjects.filter(
    (subject) => valuesOf(cells, workload.name, subject, answerRate).length > 0,
  );
  return {
    title: `${capitalised(workload.name)} (${workload.tokens} tokens each)`,
    head: ["", ...columns.map(({ head }) => head), "added p50 µs", "added p99 µs"],
    rows: measured.map((subject) => [
      subject,
      ...columns.map(({ value, digits, scale }) =>
        show(valuesOf(cells, workload.name, subject, value), digits, scale),
      ),
      added(cells, workload, subject, "p50"),
      added(cells, workload, subject, "p99"),
    ]),
    ...loadNote(cells, workload.name),
  };
}

interface Column {
  head: string;
  value: Parameters<typeof valuesOf>[3];
  digits: number;
  scale?: number;
}

const answerColumns: readonly Column[] = [
  { head: "answers/s", value: answerRate, digits: 0 },
  { head: "CPU µs/answer", value: cpuPerAnswer, digits: 0, scale: 1e6 },
  { head: "p50 µs", value: ({ latency }) => latency.p50, digits: 0, scale: 1_000 },
  { head: "p99 µs", value: ({ latency }) => latency.p99, digits: 0, scale: 1_000 },
];

const streamColumns: readonly Column[] = [
  { head: "tokens/s", value: tokenRate, digits: 0 },
  { head: "CPU µs/token", value: cpuPerToken, digits: 1, scale: 1e6 },
  { head: "first token p50 µs", value: ({ firstToken }) => firstToken.p50, digits: 0, scale: 1_000 },
  { head: "first token p99 µs", value: ({ firstToken }) => firstToken.p99, digits: 0, scale: 1_000 },
];

/** Time to the first text beyond that of the direct calls of the same round. */
function added(cells: Results["cells"], workload: Workload, subject: string, part: "p50" | "p99"): string {
  if (subject === "direct gRPC") return "–";
  return show(
    pairsOf(
      cells,
      workload.name,
      [subject, "direct gRPC"],
      (own, direct) => own.firstToken[part] - direct.firstToken[part],
    ),
    0,
    1_000,
  );
}

/** Load and backend share a core: when it is full, they are what was measured. */
function loadNote(cells: Results["cells"], workload: string): { note?: string } {
  const full = subjects.filter((subject) =>
    valuesOf(cells, workload, subject, ({ loadCpu, seconds }) => (loadCpu ?? 0) / seconds).some(
      (busy) => busy > 0.9,
    ),
  );
  return full.length === 0
    ? {}
    : { note: `Load and backend used more than 90 % of their core beside: ${full.join(", ")}.` };
}

function capitalised(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
