import { expect, test } from "bun:test";
import { createStore } from "../../src/store/create-store.ts";
import { withMemoryFallback } from "../../src/store/memory-fallback.ts";
import { storeUnavailable } from "../../src/store/unavailable.ts";
import { describeCause } from "../../src/telemetry/cause.ts";
import { memoryLog } from "../support/calls.ts";
import { says } from "./contract.ts";

const turn = {
  key: { owner: "", id: "c1" },
  model: "crew",
  keep: 0,
  append: [says("user", "Hi")],
  expectedVersion: 0,
};

test("memory takes the place of a store that cannot be opened, which is said once and why", async () => {
  const log = memoryLog();
  const unusable = createStore(`sqlite:${import.meta.path}/store.db`, log);
  const store = withMemoryFallback(unusable, { memory: () => createStore("memory:", log), log });

  await store.open();
  await store.open();

  expect(await store.conversations.write(turn)).toBe(1);
  expect(await store.conversations.read(turn.key)).toMatchObject({ version: 1 });
  expect(log.lines).toEqual([expect.stringMatching(/^warn Conversations are kept in memory/)]);
  expect(log.fields[0]).toEqual({ cause: expect.stringContaining("memory-fallback") });
  await store.close();
});

test("a store that opens stays, and nothing is said", async () => {
  const log = memoryLog();
  const usual = createStore("memory:", log);
  const store = withMemoryFallback(usual, { memory: () => createStore("memory:", log), log });

  await store.open();
  await store.conversations.write(turn);

  expect(await usual.conversations.read(turn.key)).toMatchObject({ version: 1 });
  expect(log.lines).toEqual([]);
});

test("why a store cannot be used is told by its words", () => {
  expect(describeCause(storeUnavailable("The disk is full."))).toEndWith("because Error: The disk is full.");
});
