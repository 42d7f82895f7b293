import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { readInput } from "../../../src/api/messages/tool-input.ts";

describe("the arguments of a call", () => {
  for (const [text, expected] of [
    ["", {}],
    ["{}", {}],
    ['{"a":1}', { a: 1 }],
    ['{"a":"x","b":tr', { a: "x" }],
    ['{"a":"x","b', { a: "x" }],
    ['{"a":"x"', { a: "x" }],
    ['{"a":{"b":[1,2', { a: { b: [1, 2] } }],
    ['{"a":{"b":[1,2],"c":"no end', { a: { b: [1, 2] } }],
    [String.raw`{"a":"\",{[","b":"\\"`, { a: '",{[', b: "\\" }],
    ['{"a":"x"}}', {}],
    ["Paris", {}],
    ["[1]", {}],
    ['"text"', {}],
    ["{", {}],
    ['{"', {}],
  ] as const) {
    test(`${text} are ${JSON.stringify(expected)}`, () => {
      expect(readInput(text)).toEqual(expected);
    });
  }

  test("are an object wherever they were cut off, and whole ones are as they are", () =>
    fc.assert(
      fc.property(fc.object(), fc.nat(), (value, cut) => {
        const json = JSON.stringify(value);

        expect(readInput(json)).toEqual(JSON.parse(json));
        expect(typeof readInput(json.slice(0, cut % (json.length + 1)))).toBe("object");
      }),
    ));

  test("that are long and broken are read in linear time", () => {
    const long = `{"a":[${'{"b":"c"},'.repeat(100_000)}`;
    const started = performance.now();

    readInput(long);

    expect(performance.now() - started).toBeLessThan(2_000);
  });
});
