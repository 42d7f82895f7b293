/** Takes what is due in a store until nothing is, and says what it was given. */
import { createStore } from "../../src/store/create-store.ts";
import { memoryLog } from "../support/calls.ts";

const [url = ""] = process.argv.slice(2);
const store = createStore(url, memoryLog());
for (;;) {
  const claimed = await store.records.claim("batch", { leaseMs: 600_000, limit: 3 });
  if (claimed.length === 0) break;
  for (const { key } of claimed) process.stdout.write(`${key.id}\n`);
}
await store.close();
