import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createStore } from "../../../src/store/create-store.ts";
import { memoryLog } from "../../support/calls.ts";
import { extent } from "../../support/long.ts";
import { expectWhole, writeUntilKilled } from "../kills.ts";

const kills = extent(50, 1_000);

test(
  "what was acknowledged survives a killed process, and no write is there by halves",
  async () => {
    const directory = mkdtempSync(join(tmpdir(), "oai-serve-kill-"));
    const path = join(directory, "store.db");

    for (let round = 0; round < kills; round++) {
      const acknowledged = await writeUntilKilled(`sqlite:${path}`, round);

      const store = createStore(`sqlite:${path}`, memoryLog());
      expect(acknowledged.size).toBeGreaterThan(0);
      await expectWhole(store.records, acknowledged);
      await store.close();
      expect(integrityOf(path)).toBe("ok");
    }

    rmSync(directory, { recursive: true });
  },
  kills * 10_000,
);

function integrityOf(path: string): unknown {
  using database = new Database(path, { readonly: true });
  const [[integrity] = []] = database.query("PRAGMA integrity_check").values();
  return integrity;
}
