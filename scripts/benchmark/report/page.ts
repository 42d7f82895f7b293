import type { Results } from "../results.ts";
import { agentTables } from "./agents.ts";
import { dialectTables } from "./dialects.ts";
import { footprintTable } from "./footprint.ts";
import { modelTables } from "./models.ts";
import { ratioTable } from "./ratios.ts";
import { speedTables } from "./speed.ts";
import { grouped, show } from "./statistics.ts";
import { surfaceTables } from "./surfaces.ts";
import { renderMarkdown, renderText, type Table } from "./table.ts";
import { targetTable } from "./targets.ts";

export function toText(results: Results): string {
  return [...describeRun(results), "", ...tablesOf(results).map(renderText)].join("\n");
}

/** The page with its results replaced: what stands between the two marks. Throws when they are not there. */
export function toPage(page: string, results: Results): string {
  const start = page.indexOf(startMark);
  const end = page.indexOf(endMark);
  if (start < 0 || end < start) throw new Error(`The page has no ${startMark} before ${endMark}.`);
  const lines = describeRun(results).map((line) => `- ${line}`);
  const tables = tablesOf(results).map(renderMarkdown);
  return `${page.slice(0, start + startMark.length)}\n${[...lines, "", ...tables].join("\n")}${page.slice(end)}`;
}

const startMark = "<!-- results -->";
const endMark = "<!-- end of results -->";

function tablesOf(results: Results): Table[] {
  return [
    targetTable(results),
    ratioTable(results),
    ...speedTables(results),
    ...dialectTables(results),
    ...modelTables(results),
    ...agentTables(results),
    ...surfaceTables(results),
    footprintTable(results),
  ].filter(({ rows }) => rows.length > 0);
}

function describeRun({ at, machine, rounds, seconds, cells, notes }: Results): string[] {
  const foreign = cells.map((cell) => ((cell.foreignCpu ?? 0) / cell.seconds) * 100);
  return [
    `${at.slice(0, 10)}, commit ${machine.commit}, Bun ${machine.bun}, grpc-js ${machine.grpcJs}`,
    `${machine.processors} × ${machine.processor}, ${grouped(machine.memoryBytes / 1_073_741_824, 0)} GB, ${machine.system}`,
    machine.pinned
      ? "What is measured ran on one core, backend and load on another"
      : "Nothing was pinned to a core: what is measured shared them with backend and load",
    `Median (least–greatest) of ${rounds} rounds of ${seconds} s`,
    `Other programs used ${show(foreign, 0)} % of a core meanwhile`,
    ...notes,
  ];
}
