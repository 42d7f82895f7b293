import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createStore } from "../../../src/store/create-store.ts";
import { memoryLog } from "../../support/calls.ts";
import { failureOf } from "../../support/failure.ts";
import { keyOf, put } from "../contract/bed.ts";

test("who locks the file for long is waited for once, whatever waits", async () => {
  const directory = mkdtempSync(join(tmpdir(), "oai-serve-store-"));
  const path = join(directory, "store.db");
  const store = createStore(`sqlite:${path}`, memoryLog());
  const write = (id: string) => store.records.write([put(keyOf(id))]);
  await write("a");
  const other = new Database(path);
  other.run("PRAGMA busy_timeout = 10000");
  other.run("BEGIN IMMEDIATE");

  const began = performance.now();
  for (const failure of await Promise.all(["b", "c", "d", "e"].map((id) => failureOf(write(id))))) {
    expect(failure).toMatchObject({ kind: "unavailable", code: "store_unavailable" });
  }
  // One wait is five seconds; a thread that answers nobody is lost after fifteen.
  expect(performance.now() - began).toBeLessThan(13_000);

  other.close();
  expect(await write("b")).toMatchObject({ kind: "written" });
  await store.close();
  rmSync(directory, { recursive: true, force: true });
}, 40_000);
