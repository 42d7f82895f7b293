import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createStore } from "../../src/store/create-store.ts";
import type { EventBatch } from "../../src/core/generation.ts";
import type { Entry, RecordStore } from "../../src/store/records.ts";
import { readChain } from "../../src/store/sql/read-records.ts";
import { sql } from "../../src/store/sql/statement.ts";
import type { Store } from "../../src/store/store.ts";
import { startApp } from "../support/app.ts";
import { memoryLog } from "../support/calls.ts";
import { longestTurnMs, maxTurnMs } from "../support/event-loop.ts";
import { scripted } from "../support/scripted.ts";
import { keyOf, put } from "./contract/bed.ts";

/** What a stored response costs at most, half of the time; about a fifth of it on a machine that does nothing else. */
const maxMedianMs = 1;

let directory: string;
let stores: readonly (readonly [name: string, store: Store])[];
beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), "oai-serve-speed-"));
  stores = [
    ["memory", createStore("memory:", memoryLog())],
    ["SQLite", createStore(`sqlite:${join(directory, "store.db")}`, memoryLog())],
  ];
  for (const [, { records }] of stores) lasts.set(records, await writeChain(records));
});
afterAll(async () => {
  for (const [, store] of stores) await store.close();
  rmSync(directory, { recursive: true, force: true });
});

let made = 0;

/** As large as a response of some paragraphs, with what it answers. */
async function writeResponse(records: RecordStore, parent?: string): Promise<string> {
  const id = `resp_${made++}`;
  const append = Array.from({ length: 4 }, (_, index) => ({
    id: `msg_${id}_${index}`,
    text: "y".repeat(400),
  }));
  await records.write([
    put(keyOf(id), { text: "x".repeat(1_500), append, ...(parent !== undefined && { parent }) }),
  ]);
  return id;
}

/** Of a store's chain. */
const lasts = new Map<RecordStore, string>();

async function writeChain(records: RecordStore): Promise<string> {
  let last = await writeResponse(records);
  for (let length = 1; length < 200; length++) last = await writeResponse(records, last);
  return last;
}

async function medianMs(work: () => Promise<unknown>): Promise<number> {
  const times: number[] = [];
  for (let count = 0; count < 200; count++) {
    const start = performance.now();
    await work();
    times.push(performance.now() - start);
  }
  return times.toSorted((one, other) => one - other)[100] ?? Infinity;
}

/** A busy machine is not busy all the time. */
async function leastOf(measure: () => Promise<number>): Promise<number> {
  let least = Infinity;
  for (let round = 0; round < 10 && least > maxMedianMs; round++) least = Math.min(least, await measure());
  return least;
}

function recordsOf(name: string): RecordStore {
  const store = stores.find(([each]) => each === name)?.[1];
  if (store === undefined) throw new Error(`There is no store '${name}' here.`);
  return store.records;
}

test("a response is stored in SQLite in less than a millisecond, half of the time", async () => {
  const records = recordsOf("SQLite");

  expect(await leastOf(() => medianMs(() => writeResponse(records)))).toBeLessThan(maxMedianMs);
});

test("a stored response takes a client less than a millisecond more, half of the time", async () => {
  const answer: readonly EventBatch[] = [
    [{ type: "text-delta", choice: 0, text: "Hello there." }],
    [{ type: "finish", choice: 0, reason: "stop" }],
  ];
  await using app = startApp([scripted(answer)], { records: recordsOf("SQLite") });
  const ask = async (store: boolean) => {
    const response = await app.post("/v1/responses", { model: "scripted", input: "Hi", store });
    expect(await response.json()).toMatchObject({ status: "completed", store });
  };

  const added = async () => (await medianMs(() => ask(true))) - (await medianMs(() => ask(false)));

  expect(await leastOf(added)).toBeLessThan(maxMedianMs);
});

test("a chain is one query", () => {
  const context = {
    dialect: { now: sql`0`, forUpdate: sql``, skipLocked: sql`` },
    expireMs: 0,
    maxPerOwner: 1,
    maxTotalBytes: 1,
  };

  const procedure = readChain(context, { key: keyOf("a"), limit: 200 });

  expect(procedure.next([]).done).toBe(false);
  expect(procedure.next([]).done).toBe(true);
});

describe("the event loop is not held", () => {
  const text = "é".repeat(4_000_000);
  const many: readonly Entry[] = Array.from({ length: 10_000 }, (_, index) => ({
    id: `msg_${index}`,
    text: `{"number":${index},"text":"${"z".repeat(100)}"}`,
  }));
  const works: readonly [what: string, work: (records: RecordStore) => Promise<unknown>][] = [
    ["a response", (records) => writeResponse(records)],
    [
      "a chain of two hundred responses",
      async (records) => {
        expect(await records.chain(keyOf(lasts.get(records) ?? ""), 300)).toHaveLength(200);
      },
    ],
    ["a text of megabytes", (records) => records.write([put(keyOf(`large_${made++}`), { text })])],
    ["ten thousand entries", (records) => records.write([put(keyOf(`many_${made++}`), { append: many })])],
    ["ten thousand entries that are read", (records) => records.read(keyOf("many"))],
    ["a list", (records) => records.list({ collection: "response", owner: "", order: "desc", limit: 100 })],
  ];
  beforeAll(async () => {
    for (const [, { records }] of stores) await records.write([put(keyOf("many"), { append: many })]);
  });

  for (const name of ["memory", "SQLite"]) {
    for (const [what, work] of works) {
      test(`by ${what}, in ${name}`, async () => {
        const records = recordsOf(name);

        expect(await longestTurnMs(10, () => work(records))).toBeLessThan(maxTurnMs);
      });
    }
  }
});
