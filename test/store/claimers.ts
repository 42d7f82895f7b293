import { expect } from "bun:test";
import { join } from "node:path";
import { childLines } from "../support/child-lines.ts";

/** Has three processes take what is due in a store, so many batches: each is given to one of them. */
export async function expectClaimedOnce(url: string, batches: number): Promise<void> {
  const children = Array.from({ length: 3 }, () =>
    Bun.spawn([process.execPath, join(import.meta.dir, "claimer.ts"), url], {
      stdout: "pipe",
      stderr: "inherit",
    }),
  );
  const ids = await Promise.all(children.map(({ stdout }) => Array.fromAsync(childLines(stdout))));

  expect(ids.flat()).toHaveLength(batches);
  expect(new Set(ids.flat()).size).toBe(batches);
}
