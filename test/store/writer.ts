/**
 * Goes on with records of a store, several at once, and says of each write when it was acknowledged. Each write makes
 * two changes: of a record, and of one that counts the writes of it.
 */
import { createStore } from "../../src/store/create-store.ts";
import { memoryLog } from "../support/calls.ts";
import { keyOf, put } from "./contract/bed.ts";

const [url = "", round = ""] = process.argv.slice(2);
const { records } = createStore(url, memoryLog());

const writers = Array.from({ length: 4 }, async (_, index) => {
  const id = `${round}-${index}`;
  for (let version = 0; ; version++) {
    const append = [{ text: `Q${version} ${"x".repeat(200)}` }, { text: `A${version}` }];
    const result = await records.write([
      put(keyOf(id), { append, expectedVersion: version, ...(version === 0 && { text: "head" }) }),
      put(keyOf(id, "", "completion"), { text: String(version + 1), expectedVersion: version }),
    ]);
    if (result.kind === "conflict") throw new Error("Nobody else writes these.");
    process.stdout.write(`${id} ${version + 1}\n`);
  }
});
await Promise.all(writers);
