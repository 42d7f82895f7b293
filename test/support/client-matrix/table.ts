import type { Result } from "./results.ts";
import { type Client, clients, type Feature, features, type Surface, surfaces } from "./rows.ts";

/**
 * The matrix as a table of Markdown: a row for each client and surface that were tested, a column for each feature. A
 * cell without tests is a dash.
 */
export function renderTable(results: readonly Result[]): string {
  const heads = ["Client", "Version", "Surface", ...Object.values(features)];
  const rows = keysOf(clients).flatMap((client) =>
    keysOf(surfaces).flatMap((surface) => rowOf(results, client, surface)),
  );
  const lines = [heads, heads.map((_head, index) => (index < 3 ? "---" : ":-:")), ...rows];
  return lines.map((cells) => `| ${cells.join(" | ")} |\n`).join("");
}

/** The mark of a cell from the outcomes of its tests. */
export function markOf(outcomes: readonly Result["outcome"][]): string {
  if (outcomes.length === 0) return "–";
  return outcomes.every((outcome) => outcome === "passed") ? "✓" : "✗";
}

function rowOf(results: readonly Result[], client: Client, surface: Surface): string[][] {
  const own = results.filter((result) => result.client === client && result.surface === surface);
  if (own.length === 0) return [];
  const { name, version } = clients[client];
  const marks = keysOf(features).map((feature: Feature) =>
    markOf(own.filter((result) => result.feature === feature).map(({ outcome }) => outcome)),
  );
  return [[name, version(), surfaces[surface], ...marks]];
}

function keysOf<Key extends string>(table: Readonly<Record<Key, unknown>>): Key[] {
  const keys: Key[] = [];
  for (const key in table) keys.push(key);
  return keys;
}
