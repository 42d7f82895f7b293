import { describe, expect, test } from "bun:test";
import { type Encoding, encodingFor, isToken } from "../../src/tokens/encoding.ts";

const encodingsByName: readonly (readonly [string, Encoding])[] = [
  ["gpt-4o", "o200k_base"],
  ["gpt-4o-mini-2024-07-18", "o200k_base"],
  ["chatgpt-4o-latest", "o200k_base"],
  ["gpt-4.1-nano", "o200k_base"],
  ["gpt-4.5-preview", "o200k_base"],
  ["gpt-5", "o200k_base"],
  ["gpt-5.1-codex", "o200k_base"],
  ["gpt-6-turbo", "o200k_base"],
  ["o1", "o200k_base"],
  ["o3-mini", "o200k_base"],
  ["o4-mini", "o200k_base"],
  ["gpt-oss-120b", "o200k_base"],
  ["openai/gpt-oss-20b", "o200k_base"],
  ["ft:gpt-4o-2024-08-06:acme::abc", "o200k_base"],
  ["gpt-4", "cl100k_base"],
  ["gpt-4-turbo", "cl100k_base"],
  ["gpt-4-0613", "cl100k_base"],
  ["gpt-3.5-turbo-instruct", "cl100k_base"],
  ["gpt-35-turbo", "cl100k_base"],
  ["text-embedding-ada-002", "cl100k_base"],
  ["text-embedding-3-small", "cl100k_base"],
  ["davinci-002", "cl100k_base"],
  ["ft:babbage-002:acme", "cl100k_base"],
  ["text-davinci-003", "p50k_base"],
  ["code-davinci-002", "p50k_base"],
  ["code-cushman-001", "p50k_base"],
  ["text-davinci-edit-001", "p50k_edit"],
  ["davinci", "r50k_base"],
  ["text-curie-001", "r50k_base"],
  ["ada", "r50k_base"],
  ["llamacpp", "cl100k_base"],
  ["adamant-7b", "cl100k_base"],
  ["o1abc", "cl100k_base"],
  ["constructor", "cl100k_base"],
  ["", "cl100k_base"],
];

for (const [name, encoding] of encodingsByName) {
  test(`the model "${name}" is counted in ${encoding}`, () => {
    expect(encodingFor(name)).toBe(encoding);
  });
}

describe("the ids of an encoding are those of its published file", () => {
  for (const encoding of ["o200k_base", "cl100k_base", "p50k_base", "p50k_edit", "r50k_base"] as const) {
    test(encoding, async () => {
      const file = Bun.resolveSync(`tiktoken/encoders/${encoding}.json`, import.meta.dir);
      const published = publishedIds(await Bun.file(file).json());

      const wrong: number[] = [];
      for (let id = 0; id < 210_000; id++) if (isToken(encoding, id) !== published.has(id)) wrong.push(id);

      expect(wrong).toEqual([]);
      expect([-1, 0.5, Number.NaN, Infinity].map((id) => isToken(encoding, id))).toEqual(
        Array(4).fill(false),
      );
    });
  }
});

/** Each line of the ranks is a mark, the id of its first token, and the tokens. */
function publishedIds(ranks: { bpe_ranks: string; special_tokens: Record<string, number> }): Set<number> {
  const ids = new Set(Object.values(ranks.special_tokens));
  for (const line of ranks.bpe_ranks.split("\n")) {
    const [, first, ...tokens] = line.split(" ");
    for (let index = 0; index < tokens.length; index++) ids.add(Number(first) + index);
  }
  return ids;
}
