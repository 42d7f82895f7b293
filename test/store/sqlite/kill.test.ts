import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createStore } from "../../../src/store/create-store.ts";
import { memoryLog } from "../../support/calls.ts";
import { childLines } from "../../support/child-lines.ts";
import { extent } from "../../support/long.ts";

const kills = extent(20, 500);

test(
  "what was acknowledged survives a killed process, and no turn is there by halves",
  async () => {
    const directory = mkdtempSync(join(tmpdir(), "oai-serve-kill-"));
    const path = join(directory, "store.db");

    for (let round = 0; round < kills; round++) {
      const acknowledged = await writeUntilKilled(`sqlite:${path}`, round);

      const store = createStore(`sqlite:${path}`, memoryLog());
      for (const [id, version] of acknowledged) {
        const stored = await store.conversations.read({ owner: "", id });
        expect(stored?.version).toBeGreaterThanOrEqual(version);
        expect(stored?.messages).toHaveLength(2 * (stored?.version ?? 0));
      }
      await store.close();
      expect(integrityOf(path)).toBe("ok");
    }

    rmSync(directory, { recursive: true });
  },
  kills * 10_000,
);

/** The last version of each conversation that was acknowledged before the process was killed, at some moment. */
async function writeUntilKilled(url: string, round: number): Promise<Map<string, number>> {
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

function integrityOf(path: string): unknown {
  using database = new Database(path, { readonly: true });
  const [[integrity] = []] = database.query("PRAGMA integrity_check").values();
  return integrity;
}
