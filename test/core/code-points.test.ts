import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { countCodePoints, endOfPart } from "../../src/core/code-points.ts";

test("counts as many characters as an iteration gives, lone surrogates among them", () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom("a", "é", "😀", "\ud83d", "\ude00") }), (text) =>
      expect(countCodePoints(text)).toBe(Array.from(text).length),
    ),
  );
});

test("counts a pair where it begins", () => {
  expect([countCodePoints("a😀b", 0, 2), countCodePoints("a😀b", 2, 4)]).toEqual([2, 1]);
});

test("a part of a text never ends within a pair of surrogates", () => {
  const text = "ab\u{1f600}c";

  expect([1, 2, 3, 4, 9].map((length) => endOfPart(text, 0, length))).toEqual([1, 2, 4, 4, 5]);
  expect(endOfPart("a\ud83d", 0, 2)).toBe(2);
  expect(endOfPart(text, 2, 1)).toBe(4);
});
