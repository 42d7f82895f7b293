import { expect, test } from "bun:test";
import { createStore } from "../../src/store/create-store.ts";
import { withMemoryFallback } from "../../src/store/memory-fallback.ts";
import { storeUnavailable } from "../../src/store/unavailable.ts";
import { describeCause } from "../../src/telemetry/cause.ts";
import { memoryLog } from "../support/calls.ts";
import { keyOf, put } from "./contract/bed.ts";

test("memory takes the place of a store that cannot be opened, which is said once and why", async () => {
  const log = memoryLog();
  const unusable = createStore(`sqlite:${import.meta.path}/store.db`, log);
  const store = withMemoryFallback(unusable, { memory: () => createStore("memory:", log), log });

  await store.open();
  await store.open();

  const change = put(keyOf("a"), {
    text: "x",
    labels: { a: "b" },
    append: [{ id: "e", text: "y" }],
    dueInMs: 0,
  });
  expect(await store.records.write([change])).toMatchObject({ kind: "written" });
  expect(await store.records.head(keyOf("a"))).toMatchObject({ version: 1 });
  expect(await store.records.read(keyOf("a"))).toMatchObject({ list: [{ text: "y" }] });
  expect(await store.records.chain(keyOf("a"), 9)).toHaveLength(1);
  expect(await store.records.entries(keyOf("a"), { order: "asc", limit: 9 })).toMatchObject({
    hasMore: false,
  });
  expect(await store.records.findEntry(["response"], "", "e")).toMatchObject({ text: "y" });
  expect(await store.records.list({ collection: "response", order: "asc", limit: 9 })).toMatchObject({
    items: [{ version: 1 }],
  });
  expect(await store.records.claim("response", { leaseMs: 9, limit: 9 })).toMatchObject([{ version: 2 }]);
  await store.probe();
  expect(log.lines).toEqual([expect.stringMatching(/^warn What is stored is kept in memory/)]);
  expect(log.fields[0]).toEqual({ cause: expect.stringContaining("memory-fallback") });
  await store.close();
});

test("a store that opens stays, and nothing is said", async () => {
  const log = memoryLog();
  const usual = createStore("memory:", log);
  const store = withMemoryFallback(usual, { memory: () => createStore("memory:", log), log });

  await store.open();
  await store.records.write([put(keyOf("a"))]);

  expect(await usual.records.head(keyOf("a"))).toMatchObject({ version: 1 });
  expect(log.lines).toEqual([]);
});

test("why a store cannot be used is told by its words", () => {
  expect(describeCause(storeUnavailable("The disk is full."))).toEndWith("because Error: The disk is full.");
});
