import { describe, expect, test } from "bun:test";
import { createYamlPositions } from "../../src/config/yaml-positions.ts";
import { parseYaml } from "../../src/config/yaml.ts";

function parse(text: string) {
  return parseYaml(text, "a.yaml", createYamlPositions(text));
}

test("an empty file is an empty configuration", () => {
  expect(parse("")).toEqual({});
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
    ["broken YAML", "listen:\n  port: 1\n bad\n", "a.yaml:3:1: is not valid YAML (Unexpected token)."],
    ["a list", "- 1", "a.yaml: must be a mapping of keys to values."],
    ["a text", "hello", "a.yaml: must be a mapping of keys to values."],
    ["an endless tree", "a: &x [*x]", "a.yaml: is nested too deeply or too large."],
    ["an exploding tree", bombs, "a.yaml: is nested too deeply or too large."],
  ];
  for (const [name, text, message] of files) {
    test(name, () => {
      expect(() => parse(text)).toThrow(message);
    });
  }
});
