import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { cutPieces, ofPiece, pieceBytes, toPieces } from "../../../../src/api/common/files/pieces.ts";

function joined(pieces: readonly string[], rest: Uint8Array = new Uint8Array()): Buffer {
  return Buffer.concat([...pieces.map(ofPiece), rest]);
}

describe("pieces of a file", () => {
  test("are its bytes, whatever they are and however they come", () => {
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 300_000, size: "max" }),
      fc.string({ unit: "grapheme", maxLength: 60_000, size: "max" }).map((text) => Buffer.from(text)),
      fc.string({ unit: "binary", maxLength: 60_000, size: "max" }).map((text) => Buffer.from(text)),
    );
    fc.assert(
      fc.property(bytes, (whole) => {
        const cut = cutPieces(whole);

        expect(Buffer.compare(joined(toPieces(whole)), whole)).toBe(0);
        expect(Buffer.compare(joined(cut.pieces, cut.rest), whole)).toBe(0);
      }),
      { numRuns: 30 },
    );
  });

  test("hold no NUL, which not every store can keep", () => {
    const pieces = toPieces(Buffer.from("a\u0000b"));

    expect(pieces.join("")).not.toContain("\u0000");
  });

  test("are text where the file is, also where a cut would tear a character", () => {
    const text = "€".repeat(pieceBytes);

    const pieces = toPieces(Buffer.from(text));

    expect(pieces.every((piece) => piece.startsWith("t€") && piece.endsWith("€"))).toBe(true);
    expect(joined(pieces).toString()).toBe(text);
  });

  test("have a size that is bounded", () => {
    for (const byte of [0x61, 0x80, 0xff, 0x00]) {
      const pieces = toPieces(new Uint8Array(1_000_000).fill(byte));

      expect(Math.max(...pieces.map((piece) => ofPiece(piece).length))).toBeLessThanOrEqual(pieceBytes);
    }
  });

  test("of nothing are none", () => {
    expect(toPieces(new Uint8Array())).toEqual([]);
  });
});
