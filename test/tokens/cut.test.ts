import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { cutText } from "../../src/tokens/cut.ts";
import { loadEncoder } from "../../src/tokens/encoder.ts";
import type { Encoding } from "../../src/tokens/encoding.ts";

const encodings: readonly Encoding[] = ["o200k_base", "cl100k_base", "p50k_base", "r50k_base"];

/** Snippets between which any of the encodings has a boundary of its own. */
const snippets = fc.constantFrom(
  ..."word,Word,don't,'s,/,//, ,  ,\n,\r\n\r\n,\t,7,1234567,1.5,=,==,()=>,{\",e\u0301,\u0301,é,漢字,，,ไทย,हिन्दी,😀,👨‍👩‍👧,\u00a0,\u2028,ß".split(
    ",",
  ),
);

test("pieces put together are the text", () => {
  fc.assert(
    fc.property(fc.array(snippets, { maxLength: 400 }), fc.nat(900), (parts, repeats) => {
      const text = parts.join("") + "x".repeat(repeats) + "😀".repeat(repeats);

      expect([...cutText(text)].join("")).toBe(text);
    }),
    { numRuns: 200 },
  );
});

describe("a long text without long runs has as many tokens in pieces as in one", () => {
  for (const encoding of encodings) {
    test(encoding, async () => {
      const encoder = await loadEncoder(encoding);
      const count = (text: string) => encoder.encode(text, [], []).length;
      fc.assert(
        fc.property(fc.array(snippets, { minLength: 100, maxLength: 120 }), (parts) => {
          const text = `${parts.join("")} `.repeat(120);

          const pieces = [...cutText(text)];

          expect(pieces.reduce((sum, piece) => sum + count(piece), 0)).toBe(count(text));
        }),
        { numRuns: 25 },
      );
    });
  }
});

const runs: readonly (readonly [string, string])[] = [
  ["letters", "q"],
  ["digits", "7"],
  ["spaces", " "],
  ["punctuation", "="],
  ["ideographs", "漢"],
  ["emoji", "😀"],
  ["marks", "\u0301"],
  ["lone surrogates", "\ud800"],
];

for (const [name, character] of runs) {
  test(`a run of ${name} is cut into short pieces, never inside a character`, () => {
    const pieces = [...cutText(character.repeat(5_000))];

    expect(Math.max(...pieces.map((piece) => piece.length))).toBeLessThanOrEqual(256);
    expect(pieces.filter((piece) => piece.length % character.length !== 0)).toEqual([]);
  });
}

test("a cut run of digits keeps its groups of three", () => {
  const lengths = [...cutText("7".repeat(1_000))].map((piece) => piece.length);

  expect(lengths.slice(0, -1).filter((length) => length % 3 !== 0)).toEqual([]);
});
