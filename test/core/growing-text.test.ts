import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { GrowingText } from "../../src/core/growing-text.ts";

test("a text is its parts, in order, however many they are", () => {
  fc.assert(
    fc.property(fc.array(fc.string(), { maxLength: 2_000, size: "max" }), (parts) => {
      const text = new GrowingText();
      for (const part of parts) text.add(part);

      expect(String(text)).toBe(parts.join(""));
    }),
    { numRuns: 50 },
  );
});
