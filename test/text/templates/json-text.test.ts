import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { toJsonText } from "../../../src/text/templates/json-text.ts";
import { longestTurnMs, maxLargeTurnMs } from "../../support/event-loop.ts";

test("JSON has a space after commas and colons, and none elsewhere", async () => {
  expect(await toJsonText({ a: [1, [], {}, null], "b, c": { d: "x,\n y: é" } })).toBe(
    '{"a": [1, [], {}, null], "b, c": {"d": "x,\\n y: é"}}',
  );
});

test("it is the same value, on one line", async () => {
  await fc.assert(
    fc.asyncProperty(fc.jsonValue(), async (value) => {
      const text = await toJsonText(value);

      expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(value)));
      expect(text).not.toContain("\n");
    }),
  );
});

test("texts are passed over as they are, however long", async () => {
  const hostile = `${"x".repeat(50)}, : \\" \\\\${"é".repeat(50)}\u{1f600}\ud83d`;
  const long = `${"x".repeat(262_141)}\u{1f600}${'\\",:'.repeat(300_000)}\\`;

  for (const text of [hostile, long]) {
    const quoted = JSON.stringify(text);
    expect(await toJsonText([text, { [text]: text }])).toBe(`[${quoted}, {${quoted}: ${quoted}}]`);
  }
});

test("large values hold up nobody", async () => {
  const large = { a: '\\",'.repeat(5_000_000), zeros: Array.from({ length: 500_000 }, () => 0) };

  const longest = await longestTurnMs(10, async () => await toJsonText(large));

  expect(longest).toBeLessThan(maxLargeTurnMs);
});
