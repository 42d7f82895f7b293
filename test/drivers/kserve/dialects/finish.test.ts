import { expect, test } from "bun:test";
import { toFinishWord } from "../../../../src/drivers/kserve/dialects/finish.ts";

for (const [words, meaning] of [
  [["", "null", "None", "none", "NULL"], "running"],
  [["stop", "Stop", "eos", "EOS_TOKEN"], "stop"],
  [["length", "max_tokens", "LENGTH"], "length"],
  [["content_filter"], "content-filter"],
  [["abort", "error", "cancelled", "canceled", "timeout"], "failed"],
  [["because", "stop ", "constructor"], "unknown"],
] as const) {
  test(`${words.map((word) => JSON.stringify(word)).join(", ")}: ${meaning}`, () => {
    expect(words.map(toFinishWord)).toEqual(words.map(() => meaning));
  });
}
