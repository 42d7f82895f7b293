import { test } from "bun:test";
import { recordResult } from "./results.ts";
import type { Cell } from "./rows.ts";

/** A `test` that counts for a cell of the matrix in docs/clients.md, which has its mark when all of its tests passed. */
export function clientTest(cell: Cell, name: string, body: () => Promise<void>): void {
  const record = recordResult(cell);
  test(name, async () => {
    record("begun");
    await body();
    record("passed");
  });
}
