import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { RE2JS } from "re2js";
import { createLinearRegExp } from "../../src/json-schema/linear-regexp.ts";
import { maxPatternLength, patternProblem } from "../../src/json-schema/pattern.ts";

const wellFormed = [
  "",
  "^[a-z]{3,50}-\\d{1,10}$",
  "(?:a|b)+?",
  "(?<year>\\d{4})",
  "[^\\]]*",
  "a{,3}",
  "{",
  "\\(",
  "^(?!\\.)(?!.*\\.\\.)[a-z.]+$",
  "^(?=.*\\d)(?=.*[A-Z]).{8,}$",
  "[(?!)]",
];
for (const pattern of wellFormed) {
  test(`nothing is wrong with ${JSON.stringify(pattern)}`, () => {
    expect(patternProblem(pattern)).toBeUndefined();
    expect(createLinearRegExp(pattern).toString()).toBe(pattern);
  });
}

const broken: [pattern: string, problem: RegExp][] = [
  ["(", /does not end/],
  [")", /does not begin/],
  ["[a", /does not end/],
  ["a\\", /does not end/],
  ["*a", /repeats nothing/],
  ["a**", /repeats nothing/],
  ["(a)\\1", /refers back/],
  ["(?<n>a)\\k<n>", /refers back/],
  ["a(?=b)", /linear time/],
  ["(?<=a)b", /linear time/],
  ["^(?!a)b|c", /linear time/],
  ["^(?=(?!a)b)", /linear time/],
  ["^(?=a)*b", /linear time/],
  ["(?i:a)", /linear time/],
  ["a".repeat(maxPatternLength + 1), /longer than/],
];
for (const [pattern, problem] of broken) {
  test(`${JSON.stringify(pattern.slice(0, 20))} is refused with a reason`, () => {
    expect(patternProblem(pattern)).toMatch(problem);
    expect(() => createLinearRegExp(pattern)).toThrow();
  });
}

const pieces = fc.constantFrom(
  ...Array.from("ab.*+?|()[]{}^$\\"),
  "(?:",
  "(?=",
  "(?!",
  "^(?!",
  "(?<=",
  "(?<n>",
  "\\d",
  "\\1",
  "[a-z]",
  "{2,3}",
);
const letter = fc.constantFrom("a", "b", "d", "1", ".", "z");
const somePattern = fc.array(pieces, { maxLength: 12 }).map((parts) => parts.join(""));

test("what the check of the form lets through means what it means to ECMA-262, or is refused when compiled", () => {
  let compared = 0;
  fc.assert(
    fc.property(somePattern, fc.array(letter, { maxLength: 6 }), (pattern, letters) => {
      const linear = compiled(() => createLinearRegExp(pattern));
      const native = compiled(() => new RegExp(pattern, "u"));
      if (linear === undefined || native === undefined) return;
      compared++;

      const text = letters.join("");

      expect({ pattern, text, isMatch: linear.test(text) }).toEqual({
        pattern,
        text,
        isMatch: native.test(text),
      });
    }),
    { numRuns: 3_000 },
  );
  expect(compared).toBeGreaterThan(300);
});

test("a pattern without lookaheads that RE2 takes is let through", () => {
  fc.assert(
    fc.property(somePattern, (pattern) => {
      fc.pre(compiled(() => new RegExp(pattern, "u")) !== undefined);
      fc.pre(!pattern.includes("(?") || pattern.includes("(?:"));
      fc.pre(compiled(() => RE2JS.compile(RE2JS.translateRegExp(pattern))) !== undefined);

      expect(patternProblem(pattern)).toBeUndefined();
    }),
    { numRuns: 2_000 },
  );
});

describe("lookaheads at the beginning", () => {
  const email =
    "^(?!\\.)(?!.*\\.\\.)([A-Za-z0-9_'+\\-\\.]*)[A-Za-z0-9_+-]@([A-Za-z0-9][A-Za-z0-9\\-]*\\.)+[A-Za-z]{2,}$";
  for (const [text, isMatch] of [
    ["ada@example.com", true],
    [".ada@example.com", false],
    ["a..da@example.com", false],
    ["ada@example", false],
  ] as const) {
    test(`hold for ${text}`, () => {
      expect(createLinearRegExp(email).test(text)).toBe(isMatch);
    });
  }
});

test("a megabyte of what could begin a group takes linear time", () => {
  const startedAt = performance.now();

  for (const piece of ["(", "[", "\\", "(?:", "^(?!", "{1"])
    patternProblem(piece.repeat(maxPatternLength / 5));
  createLinearRegExp("^(a+)+$").test(`${"a".repeat(50_000)}!`);

  expect(performance.now() - startedAt).toBeLessThan(1_000);
});

function compiled<Pattern>(compile: () => Pattern): Pattern | undefined {
  try {
    return compile();
  } catch {
    return undefined;
  }
}
