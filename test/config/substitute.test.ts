import { expect, test } from "bun:test";
import { substitute } from "../../src/config/substitute.ts";

const variables: Readonly<Record<string, string>> = { HOST: "gpu", KEY: "k: [x]", NESTED: "${env:HOST}" };
const read = (name: string) => variables[name];

test("variables are replaced in texts, also in lists and within longer texts", () => {
  const tree = { a: "${env:HOST}:${env:HOST}", b: ["${env:KEY}", 1, true], c: { d: "plain" } };

  const { value, paths, problems } = substitute(tree, read);

  expect(value).toEqual({ a: "gpu:gpu", b: ["k: [x]", 1, true], c: { d: "plain" } });
  expect([...paths]).toEqual(["a", "b[0]"]);
  expect(problems).toEqual([]);
});

test("keys stay as they are, and a value is not replaced again", () => {
  expect(substitute({ "${env:HOST}": "${env:NESTED}" }, read).value).toEqual({
    "${env:HOST}": "${env:HOST}",
  });
});

test("an unset and a misspelled variable are problems at their path", () => {
  const { problems } = substitute({ a: { b: ["${env:NOPE}", "${env:NO-PE}"] } }, read);

  expect(problems).toEqual([
    { segments: ["a", "b", 0], text: "the variable NOPE is not set" },
    {
      segments: ["a", "b", 1],
      text: "a variable is written ${env:NAME} with letters, digits and underscores",
    },
  ]);
});
