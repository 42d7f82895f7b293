/** Goes on with a conversation until the disk is full, and says what became of it. */
import { ServeError } from "../../../src/core/error.ts";
import { createStore } from "../../../src/store/create-store.ts";
import { memoryLog } from "../../support/calls.ts";
import { failureOf } from "../../support/failure.ts";
import { says } from "../contract.ts";

const [url = ""] = process.argv.slice(2);
const store = createStore(url, memoryLog());
const key = { owner: "", id: "c1" };

const turn = (number: number, length: number) =>
  store.conversations.write({
    key,
    model: "m",
    keep: number * 2,
    append: [says("user", "x".repeat(length)), says("assistant", "Yes.")],
    expectedVersion: number,
  });
const state = async () => {
  const stored = await store.conversations.read(key);
  return { version: stored?.version, messages: stored?.messages.length };
};

let acknowledged = 0;
while (acknowledged < 5) acknowledged = (await turn(acknowledged, 1_000)) ?? 0;
const { kind, code } = ServeError.from(await failureOf(turn(acknowledged, 1_000_000)));
const read = await state();
await failureOf(turn(acknowledged, 1_000_000));
const reread = await state();
await store.close();
process.stdout.write(JSON.stringify({ acknowledged, failure: { kind, code }, read, reread }));
