import { describe, expect, test } from "bun:test";
import { findDuplicateKeys } from "../../src/config/duplicate-keys.ts";
import { keyPath } from "../../src/config/path.ts";

function found(text: string): string[] {
  return findDuplicateKeys(text).map((problem) => `${keyPath(problem.segments)} ${problem.text}`);
}

describe("a key that stands twice in one mapping is found", () => {
  const texts: readonly [string, string, readonly string[]][] = [
    ["at the top", "a: 1\nb: 2\na: 3\n", ["a is given again in line 3"]],
    ["further in", "x:\n  a: 1\n  a: 2\n", ["x.a is given again in line 3"]],
    ["three times", "a: 1\na: 2\na: 3", ["a is given again in line 2"]],
    ["without values", "a:\na:\n", ["a is given again in line 2"]],
    ["in braces", "x: {a: 1, b: 2, a: 3}", ["x.a is given again in line 1"]],
    ["in JSON", '{"a":1,\n"a":2}', ["a is given again in line 2"]],
    ["in a list", "x:\n  - a: 1\n    a: 2", ["x[0].a is given again in line 3"]],
    [
      "in quotes",
      "a: 1\n'a': 2\n\"b: c\": 3\n'b: c': 4",
      ["a is given again in line 2", '["b: c"] is given again in line 4'],
    ],
    ["with spaces before the colon", "a : 1\na  : 2", ["a is given again in line 2"]],
    ["with Windows line ends", "a: 1\r\na: 2\r\n", ["a is given again in line 2"]],
    ["a number", "1: a\n1: b", ["1 is given again in line 2"]],
  ];
  for (const [name, text, expected] of texts) {
    test(name, () => {
      expect(found(text)).toEqual([...expected]);
    });
  }
});

describe("what only looks like it is not", () => {
  const texts: readonly [string, string][] = [
    ["the same key of two mappings", "a: { k: 1 }\nb: { k: 1 }"],
    ["two elements of a list", "- a: 1\n- a: 1"],
    ["text of several lines", "x: |\n  a: 1\n  a: 2\ny: >\n  a: 1\n  a: 2"],
    ["text in quotes", "x: 'a: 1, a: 2'\ny: \"a: 1\n  a: 2\""],
    ["comments", "a: 1 # a: 2\n# a: 3"],
    ["an address", "a: http://a:80\nb: http://a:80"],
    ["an alias", "a: &x { k: 1 }\nb: *x\nc: { <<: *x, k: 2 }"],
    ["explicit keys", "? a\n: 1\n? b\n: 2"],
    ["a mapping that contains itself", "a: &x { k: *x }"],
    ["a text that is not YAML", "a: [\na: 1"],
  ];
  for (const [name, text] of texts) {
    test(name, () => {
      expect(found(text)).toEqual([]);
    });
  }
});
