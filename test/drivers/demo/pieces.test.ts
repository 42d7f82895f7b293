import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { toFragments, toPieces } from "../../../src/drivers/demo/pieces.ts";

test("a word keeps the white space after it", () => {
  expect([...toPieces(" one two\n\nthree")]).toEqual([" one ", "two\n\n", "three"]);
});

test("a long word comes in several pieces", () => {
  expect([...toPieces("a".repeat(40))]).toEqual(["a".repeat(16), "a".repeat(16), "a".repeat(8)]);
});

test("no text has no pieces", () => {
  expect([...toPieces("")]).toEqual([]);
  expect([...toFragments("")]).toEqual([]);
});

for (const split of [toPieces, toFragments]) {
  test(`${split.name} loses nothing and splits no character`, () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        const parts = [...split(text)];

        expect(parts.join("")).toBe(text);
        expect(parts.every((part) => part !== "" && part.isWellFormed())).toBe(true);
      }),
    );
  });
}

test("three characters or more are at least three fragments of at most 16", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary", minLength: 3, maxLength: 200 }), (text) => {
      const fragments = [...toFragments(text)];

      expect(fragments.length).toBeGreaterThanOrEqual(3);
      expect(fragments.every((fragment) => Array.from(fragment).length <= 16)).toBe(true);
    }),
  );
});
