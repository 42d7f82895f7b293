import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { findValue, matchValue } from "../../src/json-schema/find-value.ts";
import { createValidator } from "../../src/json-schema/validator.ts";

const check = createValidator({ type: "object", required: ["a"], properties: { a: { type: "integer" } } });
const anything = createValidator({});

const value = '{"a": 1}';
const found: [what: string, text: string, value: string][] = [
  ["the text itself", value, value],
  ["the text itself with spaces around it", `\n ${value}\n`, `\n ${value}\n`],
  ["a code fence", `\`\`\`json\n${value}\n\`\`\``, `${value}\n`],
  ["a code fence without a language", `\`\`\`\n${value}\n\`\`\`\n`, `${value}\n`],
  ["words before", `Here it is: ${value}`, value],
  ["words after", `${value}\nThat is all.`, value],
  ["words and a code fence", `Sure!\n\`\`\`json\n${value}\n\`\`\`\nBye.`, value],
  ["brackets in the words", `Use {braces} and [1]: ${value} [sic]`, value],
  ["another value that does not fit", `{"b": 1} is wrong, ${value} is right`, value],
  ["brackets that do not close", `a { b ${value}`, value],
  ["quotes in the words", `"So" it's ${value}, "he said`, value],
  ["brackets in its strings", '{"a": 1, "b": "}]\\"{"} ok', '{"a": 1, "b": "}]\\"{"}'],
];
for (const [what, text, expected] of found) {
  test(`a value is found in ${what}`, () => {
    const result = findValue(text, check);

    expect(result.isFit && text.slice(result.start, result.end)).toBe(expected);
  });
}

const missed: [what: string, text: string, misfit: { path: string; message: RegExp }][] = [
  ["no JSON", "I cannot do that.", { path: "", message: /not valid JSON/ }],
  ["nothing", "", { path: "", message: /not valid JSON/ }],
  ["half of a value", '{"a": 1', { path: "", message: /not valid JSON/ }],
  ["two values that fit", `${value} or ${value}`, { path: "", message: /more than one/ }],
  ["a value that does not fit", '{"a": "1"}', { path: "a", message: /must be integer/ }],
  ["a value in words that does not fit", 'It is {"a": "1"}.', { path: "a", message: /must be integer/ }],
  ["a value that lacks something", "{}", { path: "", message: /must have required property 'a'/ }],
  ["a value within one that does not fit", `[${value}]`, { path: "", message: /must be object/ }],
];
for (const [what, text, misfit] of missed) {
  test(`no value is found in ${what}, and it is said why`, () => {
    expect(findValue(text, check)).toEqual({
      isFit: false,
      path: misfit.path,
      message: expect.stringMatching(misfit.message),
    });
  });
}

test("a bare value in a code fence is found, in words it is not", () => {
  const whole = createValidator({ type: "integer" });

  expect(findValue("```\n42\n```", whole)).toMatchObject({ isFit: true });
  expect(findValue("It is 42.", whole)).toMatchObject({ isFit: false });
});

test("a value that has to be the whole text is not looked for", () => {
  expect(matchValue(value, check)).toEqual({ isFit: true, start: 0, end: value.length });
  expect(matchValue(`so: ${value}`, check)).toMatchObject({ isFit: false });
});

test("every JSON value is found as it was written, and every object among plain words", () => {
  const words = fc.stringMatching(/^[a-z .,:!\n]{0,20}$/);
  fc.assert(
    fc.property(fc.jsonValue(), words, words, (json, before, after) => {
      const text = JSON.stringify(json);
      const inWords = `${before} ${text} ${after}`;

      expect(findValue(text, anything)).toEqual({ isFit: true, start: 0, end: text.length });
      const result = findValue(inWords, anything);
      fc.pre(typeof json === "object" && json !== null);
      expect(result.isFit && inWords.slice(result.start, result.end).trim()).toBe(text);
    }),
  );
});

for (const piece of ["{", '{"', "[{", '{"a":', "}{", "```\n{", '"{', "\\{", '{"\\"\\"', '\\"']) {
  test(`a million times ${JSON.stringify(piece)} is no value, and takes linear time`, () => {
    const text = `{"${piece.repeat(1_000_000 / piece.length)}`;
    const startedAt = performance.now();

    expect(findValue(text, check).isFit).toBe(false);

    expect(performance.now() - startedAt).toBeLessThan(500);
  });
}
