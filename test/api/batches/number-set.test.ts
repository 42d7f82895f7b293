import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { addNumber, countNumbers, hasNumber, type NumberSet } from "../../../src/api/batches/number-set.ts";

test("a set of numbers has what was added, in as few ranges as there can be", () => {
  fc.assert(
    fc.property(fc.array(fc.nat(40)), (numbers) => {
      const set = numbers.reduce<NumberSet>(addNumber, []);

      const known = new Set(numbers);
      for (let number = 0; number <= 41; number++) expect(hasNumber(set, number)).toBe(known.has(number));
      expect(countNumbers(set)).toBe(known.size);
      for (const [index, [from]] of set.entries()) {
        expect(from).toBeGreaterThan((set[index - 1]?.[1] ?? -2) + 1);
      }
    }),
  );
});
