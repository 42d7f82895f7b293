export interface Table {
  title: string;
  head: readonly string[];
  rows: readonly (readonly string[])[];
  /** What a reader should know about the figures. */
  note?: string;
}

/** For a terminal. */
export function renderText({ title, head, rows, note }: Table): string {
  const widths = head.map((name, column) =>
    Math.max(name.length, ...rows.map((row) => (row[column] ?? "").length)),
  );
  const line = (cells: readonly string[]) =>
    cells
      .map((text, column) =>
        column === 0 ? text.padEnd(widths[column] ?? 0) : text.padStart(widths[column] ?? 0),
      )
      .join("  ");
  const lines = [title, line(head), ...rows.map(line), ...(note === undefined ? [] : [note])];
  return `${lines.join("\n")}\n`;
}

/** For a page. */
export function renderMarkdown({ title, head, rows, note }: Table): string {
  const rule = head.map((_, column) => (column === 0 ? "---" : "--:"));
  const lines = [`### ${title}`, "", markdownLine(head), markdownLine(rule), ...rows.map(markdownLine)];
  return `${[...lines, ...(note === undefined ? [] : ["", note])].join("\n")}\n`;
}

function markdownLine(cells: readonly string[]): string {
  return `| ${cells.join(" | ")} |`;
}
