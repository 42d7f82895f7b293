import { expect, test } from "bun:test";
import type { Cell } from "../support/client-matrix/rows.ts";
import { markOf, renderTable } from "../support/client-matrix/table.ts";

const cell: Cell = { client: "curl", surface: "chat", feature: "text" };

for (const [outcomes, mark] of [
  [[], "–"],
  [["passed"], "✓"],
  [["passed", "passed"], "✓"],
  [["passed", "begun"], "✗"],
  [["declared"], "✗"],
] as const) {
  test(`a cell whose tests came to [${outcomes.join(", ")}] is ${mark}`, () => {
    expect(markOf(outcomes)).toBe(mark);
  });
}

test("the table has a row for each client and surface that were tested, and no other", () => {
  const table = renderTable([
    { ...cell, outcome: "passed" },
    { ...cell, feature: "tools", outcome: "begun" },
  ]);

  const [, , ...rows] = table.trimEnd().split("\n");
  expect(rows).toEqual(["| curl |  | `/v1/chat/completions` | ✓ | – | ✗ | – | – | – | – | – | – |"]);
});
