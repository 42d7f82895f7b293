import { expect } from "bun:test";
import { join } from "node:path";
import type { RecordStore } from "../../src/store/records.ts";
import { childLines } from "../support/child-lines.ts";
import { keyOf } from "./contract/bed.ts";

/** The last version of each record that was acknowledged before the writing process was killed, at some moment. */
export async function writeUntilKilled(url: string, round: number): Promise<ReadonlyMap<string, number>> {
  const child = Bun.spawn([process.execPath, join(import.meta.dir, "writer.ts"), url, String(round)], {
    stdout: "pipe",
    stderr: "inherit",
  });
  const acknowledged = new Map<string, number>();
  const wanted = 4 + ((round * 37) % 200);
  let lines = 0;
  for await (const line of childLines(child.stdout)) {
    // The last line may have been cut.
    const [, id, version] = /^(\d+-\d) (\d+)$/.exec(line) ?? [];
    if (id !== undefined) acknowledged.set(id, Number(version));
    if (++lines === wanted) child.kill("SIGKILL");
  }
  await child.exited;
  return acknowledged;
}

/** Everything that was acknowledged is there, and no write by halves. */
export async function expectWhole(
  records: RecordStore,
  acknowledged: ReadonlyMap<string, number>,
): Promise<void> {
  for (const [id, version] of acknowledged) {
    const [record, counter] = [
      await records.read(keyOf(id)),
      await records.head(keyOf(id, "", "completion")),
    ];
    expect(record?.version).toBeGreaterThanOrEqual(version);
    expect(record?.list).toHaveLength(2 * (record?.version ?? 0));
    expect(counter).toMatchObject({ version: record?.version, text: String(record?.version) });
  }
}
