import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { jsonText } from "../../../src/api/common/json-text.ts";

test("any text survives", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (text) => expect(JSON.parse(jsonText(text))).toBe(text)),
  );
});

for (const [name, character] of [
  ["a line separator", "\u2028"],
  ["a paragraph separator", "\u2029"],
  ["a next line", "\u0085"],
  ["a line feed", "\n"],
] as const) {
  test(`${name} does not break the line`, () => {
    const json = jsonText(`a${character}b`);

    expect(json).not.toContain(character);
    expect(JSON.parse(json)).toBe(`a${character}b`);
  });
}
