import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { toJsonText } from "../../../src/text/templates/json-text.ts";

test("JSON has a space after commas and colons, and none elsewhere", () => {
  expect(toJsonText({ a: [1, [], {}, null], "b, c": { d: "x,\n y: é" } })).toBe(
    '{"a": [1, [], {}, null], "b, c": {"d": "x,\\n y: é"}}',
  );
});

test("it is the same value, on one line", () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const text = toJsonText(value);

      expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(value)));
      expect(text).not.toContain("\n");
    }),
  );
});
