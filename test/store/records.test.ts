import { afterAll } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createStore } from "../../src/store/create-store.ts";
import { memoryLog } from "../support/calls.ts";
import type { BedOptions, RecordBed } from "./contract/bed.ts";
import { describeRecordStore } from "./records-contract.ts";

const directory = mkdtempSync(join(tmpdir(), "oai-serve-records-"));
afterAll(() => rmSync(directory, { recursive: true, force: true }));
let files = 0;

describeRecordStore("memory", async (options) => withClock("memory:", options));
describeRecordStore("SQLite", async (options) =>
  withClock(`sqlite:${join(directory, `${files++}.db`)}`, options),
);
/** A store whose clock can be put forward. */
function withClock(url: string, options: BedOptions): RecordBed {
  let ahead = 0;
  const store = createStore(url, memoryLog(), { ...options, now: () => Date.now() + ahead });
  return {
    store,
    async advance(milliseconds) {
      ahead += milliseconds;
    },
  };
}
