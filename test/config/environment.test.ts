import { describe, expect, test } from "bun:test";
import { parseEnvironmentFile, parseSwitch, readVariable } from "../../src/config/environment.ts";

describe("an environment file", () => {
  const lines: readonly [string, string][] = [
    ["A=1", "1"],
    ["  export A = spaced out  ", "spaced out"],
    ["A=", ""],
    ["A=key#1", "key#1"],
    ["A=value # comment", "value"],
    ["A='as $it stands # here'", "as $it stands # here"],
    [String.raw`A="two\nlines \"quoted\"" # comment`, 'two\nlines "quoted"'],
    ["A=$HOME ${HOME}", "$HOME ${HOME}"],
    ["\uFEFFA=after a mark", "after a mark"],
    ["# comment\n\nA=1\r\n", "1"],
  ];
  for (const [text, value] of lines) {
    test(`reads ${JSON.stringify(text)}`, () => {
      expect(parseEnvironmentFile(text, ".env")).toEqual({ A: value });
    });
  }

  const mistakes = ["just words", "A", "1A=x", "A='open", 'A="open', "A='x' y"];
  for (const text of mistakes) {
    test(`refuses ${JSON.stringify(text)} by its line`, () => {
      expect(() => parseEnvironmentFile(`B=1\n${text}`, ".env")).toThrow(
        ".env: line 2: must have the form NAME=value.",
      );
    });
  }
});

test("an empty variable is unset, and what every object has is no variable", () => {
  expect(readVariable({ A: "" }, "A")).toBeUndefined();
  expect(readVariable({}, "constructor")).toBeUndefined();
  expect(readVariable({ A: "1" }, "A")).toBe("1");
});

test("a switch takes the usual words and refuses others by name", () => {
  expect(["true", "Yes", "on", "1"].map((word) => parseSwitch(word, "A"))).toEqual([true, true, true, true]);
  expect(["false", "No", "off", "0"].map((word) => parseSwitch(word, "A"))).toEqual([
    false,
    false,
    false,
    false,
  ]);
  expect(() => parseSwitch("maybe", "A")).toThrow("A: must be true or false.");
});
