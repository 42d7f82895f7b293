import { describe, expect, test } from "bun:test";
import { parseYaml } from "../../src/config/yaml.ts";

test("an empty file is an empty configuration", () => {
  expect(parseYaml("", "a.yaml")).toEqual({});
});

describe("a file that is no configuration is refused by name", () => {
  const bombs = `a: &a [x, x, x, x, x, x, x, x, x, x]\n${["b", "c", "d", "e", "f", "g"]
    .map(
      (key, index) =>
        `${key}: &${key} [${Array(10)
          .fill(`*${"abcdef".charAt(index)}`)
          .join(", ")}]`,
    )
    .join("\n")}`;
  const files: readonly [string, string, string][] = [
    [
      "broken YAML",
      "listen:\n  port: 1\n bad\n",
      "a.yaml: is not valid YAML near line 3 (Unexpected token).",
    ],
    ["a list", "- 1", "a.yaml: must be a mapping of keys to values."],
    ["a text", "hello", "a.yaml: must be a mapping of keys to values."],
    ["an endless tree", "a: &x [*x]", "a.yaml: is nested too deeply or too large."],
    ["an exploding tree", bombs, "a.yaml: is nested too deeply or too large."],
  ];
  for (const [name, text, message] of files) {
    test(name, () => {
      expect(() => parseYaml(text, "a.yaml")).toThrow(message);
    });
  }
});
