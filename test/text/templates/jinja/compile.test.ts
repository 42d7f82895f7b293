import { describe, expect, test } from "bun:test";
import { compileTemplate, TemplateSyntaxError } from "../../../../src/text/templates/jinja/compile.ts";

describe("a template that cannot be read says where and why:", () => {
  const faults: readonly (readonly [string, string, string | RegExp])[] = [
    ["an expression that is not closed", "a\n{{ b }\n{{ c }}\nd", /^near line 2: /],
    ["a text that is not closed", "a\nb\n{{ 'c }}\nd", "near line 3: Unexpected end of input"],
    ["an unknown statement", "a\n\n{% frobnicate %}", /^near line 3: .*frobnicate/],
    ["a block that is not closed", "{% if a %}\nb", "near line 2: a block is not closed"],
    ["deep nesting", `{{ ${"(".repeat(100_000)}`, /^near line 1: /],
    ["too long a source", "a".repeat(1_048_577), "the template is longer than 1 MiB"],
    [
      "too many spaces",
      `a${" ".repeat(1_001)}b`,
      "the template has more than 1000 spaces or empty lines in a row",
    ],
  ];
  for (const [what, source, message] of faults) {
    test(what, () => {
      expect(() => compileTemplate(source)).toThrow(TemplateSyntaxError);
      expect(() => compileTemplate(source)).toThrow(message);
    });
  }
});
