import { expect, test } from "bun:test";
import { ServeError } from "../../../../src/core/error.ts";
import { assertInRange } from "../../../../src/drivers/kserve/dialects/ranges.ts";

for (const [field, value] of [
  ["min_p", 0],
  ["min_p", 1],
  ["repetition_penalty", 0.1],
  ["min_tokens", 0],
  ["unheard_of", -1],
  ["min_p", "not a number"],
] as const) {
  test(`${field} may be ${value}`, () => {
    expect(() => assertInRange(field, value)).not.toThrow();
  });
}

for (const [field, value] of [
  ["min_p", -0.1],
  ["min_p", 1.1],
  ["repetition_penalty", 0],
  ["min_tokens", -1],
] as const) {
  test(`${field} may not be ${value}`, () => {
    expect(() => assertInRange(field, value)).toThrow(ServeError);
  });
}
