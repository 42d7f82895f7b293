import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { createUtf8Decoder } from "../../src/text/utf8.ts";

/** Bytes in which the corner cases of UTF-8 are frequent. */
const bytes = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        0x00,
        0x41,
        0x7f,
        0x80,
        0x8f,
        0x90,
        0x9f,
        0xa0,
        0xbf,
        0xc0,
        0xc1,
        0xc2,
        0xdf,
        0xe0,
        0xe1,
      ),
      fc.constantFrom(0xec, 0xed, 0xee, 0xef, 0xf0, 0xf1, 0xf3, 0xf4, 0xf5, 0xff),
      fc.integer({ min: 0, max: 255 }),
    ),
    { maxLength: 24 },
  )
  .map((list) => Uint8Array.from(list));
const cuts = fc.array(fc.nat({ max: 6 }), { minLength: 1, maxLength: 24 });

function decodeInPieces(whole: Uint8Array, sizes: readonly number[]): { text: string; sawInvalid: boolean } {
  const decoder = createUtf8Decoder();
  let text = "";
  let start = 0;
  for (const size of [...sizes, whole.length]) {
    text += decoder.write(whole.subarray(start, start + size));
    start = Math.min(start + size, whole.length);
  }
  return { text, sawInvalid: decoder.sawInvalid };
}

describe("the UTF-8 decoder", () => {
  test("reads any bytes, cut anywhere, as the platform's streaming decoder does", () => {
    fc.assert(
      fc.property(bytes, cuts, (whole, sizes) => {
        const expected = new TextDecoder("utf-8", { ignoreBOM: true }).decode(whole, { stream: true });

        expect(decodeInPieces(whole, sizes).text).toBe(expected);
      }),
      { numRuns: 10_000 },
    );
  });

  test("joins the characters of any text, cut anywhere", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), cuts, (text, sizes) => {
        const result = decodeInPieces(new TextEncoder().encode(text), sizes);

        expect(result).toEqual({ text: text.toWellFormed(), sawInvalid: false });
      }),
      { numRuns: 2_000 },
    );
  });

  const cases: readonly [string, readonly number[][], string, boolean][] = [
    ["holds a character back until it is complete", [[0xf0, 0x9f], [0x98], [0x80]], "😀", false],
    ["drops an unfinished character at the end", [[0x61, 0xf0, 0x9f, 0x98]], "a", false],
    ["replaces a byte that begins nothing", [[0x61, 0xff, 0x62]], "a\ufffdb", true],
    ["replaces a character that never goes on", [[0xe2, 0x82], [0x61]], "\ufffda", true],
    ["keeps a real U+FFFD and says nothing", [[0xef, 0xbf], [0xbd]], "\ufffd", false],
    ["keeps a byte order mark", [[0xef, 0xbb, 0xbf, 0x61]], "\ufeffa", false],
    ["takes empty pieces", [[], [0xc3], [], [0xa9], []], "é", false],
  ];

  for (const [what, pieces, text, sawInvalid] of cases) {
    test(what, () => {
      const decoder = createUtf8Decoder();

      const written = pieces.map((piece) => decoder.write(Uint8Array.from(piece))).join("");

      expect({ written, sawInvalid: decoder.sawInvalid }).toEqual({ written: text, sawInvalid });
    });
  }
});
