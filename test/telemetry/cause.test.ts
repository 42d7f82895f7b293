import { expect, test } from "bun:test";
import { describeCause } from "../../src/telemetry/cause.ts";

test("nothing has no description, and what is no error shows only its type", () => {
  expect(describeCause(undefined)).toBeUndefined();
  expect(describeCause(null)).toBeUndefined();
  expect(describeCause("secret words")).toBe("string");
});

test("an endless chain of causes is cut", () => {
  const error = new Error("again");
  error.cause = error;

  expect(describeCause(error)).toBe(Array(5).fill("Error: again").join(", because "));
});
