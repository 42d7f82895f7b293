/** Writes one turn after the other into conversations of a file, and says of each when it was acknowledged. */
import { createStore } from "../../../src/store/create-store.ts";
import { memoryLog } from "../../support/calls.ts";
import { says } from "../contract.ts";

const [url = "", round = ""] = process.argv.slice(2);
const { conversations } = createStore(url, memoryLog());

const writers = Array.from({ length: 4 }, async (_, index) => {
  const key = { owner: "", id: `${round}-${index}` };
  for (let turn = 0; ; turn++) {
    const version = await conversations.write({
      key,
      model: "m",
      keep: turn * 2,
      append: [says("user", `Q${turn} ${"x".repeat(200)}`), says("assistant", `A${turn}`)],
      expectedVersion: turn,
    });
    process.stdout.write(`${key.id} ${version}\n`);
  }
});
await Promise.all(writers);
