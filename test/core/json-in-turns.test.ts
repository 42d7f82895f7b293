import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { stringifyInTurns } from "../../src/core/json-in-turns.ts";
import { longestTurnMs, maxLargeTurnMs } from "../support/event-loop.ts";
import { rejection } from "../support/rejection.ts";

describe("JSON that is written in turns", () => {
  test("is what JSON.stringify writes", async () => {
    await fc.assert(
      fc.asyncProperty(fc.jsonValue(), async (value) => {
        expect(await stringifyInTurns(value)).toBe(JSON.stringify(value));
      }),
    );
  });

  const long = `${"x".repeat(65_535)}\u{1f600}${'"\\'.repeat(100_000)}\ud83d`;
  const large: readonly (readonly [string, unknown])[] = [
    ["a text", long],
    ["a key", { [long]: { [long]: long } }],
    ["many values", Array.from({ length: 200_000 }, (_, index) => [index, null, true, {}])],
    ["many keys", Object.fromEntries(Array.from({ length: 50_000 }, (_, index) => [`k${index}`, []]))],
    ["levels", Array.from({ length: 120 }).reduce<unknown>((value) => [{ a: value }, long], long)],
    ["nothing", [[], {}, "", ...Array.from({ length: 5_000 }, () => [])]],
  ];
  for (const [what, value] of large) {
    test(`is that of ${what} that takes several`, async () => {
      expect(await stringifyInTurns(value)).toBe(JSON.stringify(value));
    });
  }

  test("holds up nobody", async () => {
    const value = { text: '\\"'.repeat(8_000_000), values: Array.from({ length: 500_000 }, () => [0]) };

    const longest = await longestTurnMs(10, async () => await stringifyInTurns(value));

    expect(longest).toBeLessThan(maxLargeTurnMs);
  });

  test("is given up when nobody wants it any more", async () => {
    const leaving = new AbortController();
    const written = rejection(stringifyInTurns("x".repeat(2_000_000), leaving.signal));

    leaving.abort(new Error("gone"));

    expect(await written).toMatchObject({ message: "gone" });
  });
});
