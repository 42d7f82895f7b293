/** Goes on with a record until the disk is full, and says what became of it. */
import { ServeError } from "../../../src/core/error.ts";
import { createStore } from "../../../src/store/create-store.ts";
import { memoryLog } from "../../support/calls.ts";
import { failureOf } from "../../support/failure.ts";
import { keyOf, put } from "../contract/bed.ts";

const [url = ""] = process.argv.slice(2);
const log = memoryLog();
const store = createStore(url, log);
const key = keyOf("c1");

const turn = async (expectedVersion: number, length: number) => {
  const append = [{ text: "x".repeat(length) }, { text: "Yes." }];
  const result = await store.records.write([put(key, { append, expectedVersion })]);
  return result.kind === "written" ? (result.versions[0] ?? 0) : 0;
};
const state = async () => {
  const stored = await store.records.read(key);
  return { version: stored?.version, entries: stored?.list.length };
};

let acknowledged = 0;
while (acknowledged < 5) acknowledged = await turn(acknowledged, 1_000);
const { kind, code } = ServeError.from(await failureOf(turn(acknowledged, 1_000_000)));
const read = await state();
await failureOf(turn(acknowledged, 1_000_000));
const reread = await state();
await store.close();
process.stdout.write(
  JSON.stringify({ acknowledged, failure: { kind, code }, read, reread, told: log.lines }),
);
