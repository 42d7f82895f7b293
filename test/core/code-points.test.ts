import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { countCodePoints } from "../../src/core/code-points.ts";

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
