import { describe, expect, test } from "bun:test";
import { createYamlPositions } from "../../src/config/yaml-positions.ts";

const text = `# comment
listen:
  port: 1
  "host": a
agents: { a b: { tools: [x, 'y'] } }
base: &base
  inner: { deep: 1 }
copy: *base
empty:
`;

describe("a path is found at its last key or element", () => {
  const places: readonly [string, readonly (string | number)[], string][] = [
    ["a section", ["listen"], "2:1"],
    ["a key", ["listen", "port"], "3:3"],
    ["a quoted key", ["listen", "host"], "4:3"],
    ["a key in braces", ["agents", "a b", "tools"], "5:18"],
    ["an element", ["agents", "a b", "tools", 1], "5:29"],
    ["a key without a value", ["empty"], "9:1"],
    ["what is missing, at what should hold it", ["listen", "max_body", "x"], "2:1"],
    ["what an alias stands for", ["copy", "inner", "deep"], "7:12"],
  ];
  for (const [name, segments, place] of places) {
    test(name, () => {
      const position = createYamlPositions(text).of(segments);

      expect(`${position?.line}:${position?.column}`).toBe(place);
    });
  }
});

test("there is no place in what is not there or not YAML", () => {
  expect(createYamlPositions(text).of(["nothing"])).toBeUndefined();
  expect(createYamlPositions("a: [").of(["a"])).toBeUndefined();
});

test("a mistake is where the text stops being YAML", () => {
  expect(createYamlPositions("listen:\n  port: 1\n bad\n").ofMistake()).toEqual({ line: 3, column: 1 });
  expect(createYamlPositions(text).ofMistake()).toBeUndefined();
});
