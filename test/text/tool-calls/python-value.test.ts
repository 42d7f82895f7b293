import { expect, test } from "bun:test";
import { toolCallFormats } from "../../../src/text/tool-calls/formats.ts";
import { type Parsed, parse } from "./parsed.ts";

const values: readonly (readonly [python: string, json: string | undefined])[] = [
  ["0", "0"],
  ["00", "0"],
  ["017", undefined],
  ["017.5", "17.5"],
  ["-0.0", "-0.0"],
  ["1_000", "1000"],
  [".5", "0.5"],
  ["5.", "5.0"],
  [".", undefined],
  ["e5", undefined],
  ["+1E+5", "1E+5"],
  ["-0b101", "-5"],
  ["0o17", "15"],
  ["1-2", undefined],
  ["nan", undefined],
  ["12345678901234567890", "12345678901234567890"],
  ["True", "true"],
  ["null", "null"],
  ["constructor", undefined],
  ["()", "[]"],
  ["(1)", "1"],
  ["(1,)", "[1]"],
  ["[1, [2], ]", "[1,[2]]"],
  ["{'a': {1: None}, True: (2, 3)}", '{"a":{"1":null},"true":[2,3]}'],
  ["{}", "{}"],
  ["{1, 2}", undefined],
  ["{[1]: 2}", undefined],
  ["''", '""'],
  ["'a\\\nb'", '"ab"'],
  ["'\\x4'", '"\\\\x4"'],
  ["'\\U00110000'", '"\\\\U00110000"'],
  [`'''a''b'''`, `"a''b"`],
  ["f'{a}'", undefined],
  [`${"[".repeat(128)}${"]".repeat(128)}`, `${"[".repeat(128)}${"]".repeat(128)}`],
  [`${"[".repeat(129)}${"]".repeat(129)}`, undefined],
];

for (const [python, json] of values) {
  const title = python.length > 60 ? `${python.length} brackets` : JSON.stringify(python);
  test(`${title} is ${json === undefined ? "no literal" : "JSON"}`, () => {
    const answer = `[add(a=${python})]`;
    const expected: Parsed = json === undefined ? answer : ["add", `{"a":${json}}`];

    expect(parse(toolCallFormats["llama-pythonic"], [answer])).toEqual([expected]);
    expect(parse(toolCallFormats["llama-pythonic"], answer.split(""))).toEqual([expected]);
  });
}
