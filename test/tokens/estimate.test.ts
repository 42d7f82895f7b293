import { expect, test } from "bun:test";
import { estimateTokens } from "../../src/tokens/estimate.ts";

const estimates: readonly (readonly [string, string, number])[] = [
  ["nothing", "", 0],
  ["one character", "a", 1],
  ["four characters", "abcd", 1],
  ["five characters", "abcde", 2],
  ["four emoji", "😀😀😀😀", 1],
  ["five emoji", "😀😀😀😀😀", 2],
  ["lone surrogates, each a character", "\udc00\ud800\ud800\ud800\ud800", 2],
  ["emoji across the border of a slice", "a".repeat(262_143) + "😀".repeat(5), 65_537],
];

for (const [name, text, tokens] of estimates) {
  test(`a quarter of the code points: ${name}`, async () => {
    expect(await estimateTokens([text])).toEqual([tokens]);
  });
}

test("each text has its own estimate", async () => {
  expect(await estimateTokens(["abcdefgh", "", "a"])).toEqual([2, 0, 1]);
});
