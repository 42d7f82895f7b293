import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { findSyntaxMistake } from "../../../src/agents/tools/json-syntax.ts";
import { createJsonValidator } from "../../../src/agents/tools/json-validator.ts";
import { rejection } from "../../support/rejection.ts";
import { testSchemas, toolContext } from "../support.ts";

const tool = createJsonValidator(testSchemas());
const validate = async (args: Record<string, unknown>) => await tool.execute(args, toolContext());

describe("json_validator", () => {
  test("takes JSON", async () => {
    expect(await validate({ json: '{"a": [1, 2.5e3, "\\u00e9", null, true]}' })).toEqual({ valid: true });
  });

  for (const [json, line, column, expected] of [
    ['{"a": 1,}', 1, 9, "a property name"],
    ["[1,\n 2,\n]", 3, 1, "a value"],
    ["{'a': 1}", 1, 2, "a property name in double quotes, or }"],
    ['{"a" 1}', 1, 6, ":"],
    ["[1 2]", 1, 4, ", or ]"],
    ['{"a": 1', 1, 8, ", or }"],
    ["1 2", 1, 3, "the end"],
    ["", 1, 1, "a value"],
    ["01", 1, 1, "a value"],
    ["NaN", 1, 1, "a value"],
    ['"a\nb"', 1, 3, "an escape"],
    ['"\\q"', 1, 2, "a valid escape"],
    ['"open', 1, 6, 'the closing "'],
    ["// note\r\n1", 1, 1, "a value"],
    ["{\r\n  x\r\n}", 2, 3, "a property name"],
  ] as const) {
    test(`says where ${JSON.stringify(json)} is wrong`, async () => {
      expect(await validate({ json })).toMatchObject({
        valid: false,
        line,
        column,
        error: expect.stringContaining(`Line ${line}, column ${column}: ${expected}`),
      });
    });
  }

  test("finds a mistake exactly where there is one", () => {
    const piece = fc.constantFrom(
      "{",
      "}",
      "[",
      "]",
      ",",
      ":",
      '"a"',
      "1",
      "-1.5e3",
      "true",
      " ",
      "\n",
      '"',
      "0",
      ".",
      "\\",
    );

    fc.assert(
      fc.property(
        fc.oneof(
          fc.array(piece, { maxLength: 9 }).map((all) => all.join("")),
          fc.json(),
        ),
        (text) => {
          expect(findSyntaxMistake(text) === undefined).toBe(isJson(text));
        },
      ),
      { numRuns: 5_000 },
    );
  });

  test("reads what is deeper than any stack", () => {
    expect(findSyntaxMistake("[".repeat(500_000) + "]".repeat(500_000))).toBeUndefined();
  });

  const schema = { type: "object", properties: { age: { type: "integer", minimum: 0 } }, required: ["age"] };
  for (const [what, given] of [
    ["an object", schema],
    ["a text", JSON.stringify(schema)],
  ] as const) {
    test(`checks against a schema that is ${what}`, async () => {
      expect(await validate({ json: '{"age": 3}', schema: given })).toEqual({ valid: true });
      expect(await validate({ json: '{"age": -1}', schema: given })).toMatchObject({
        valid: false,
        path: expect.stringContaining("age"),
      });
    });
  }

  for (const [what, bad, problem] of [
    ["is no schema", { type: "any" }, /'schema\.type' must be/],
    ["has a pattern that nobody can check", { pattern: "(a)\\1" }, /'schema\.pattern'/],
    ["leads out of itself", { $ref: "https://example.com/a" }, /'schema\.\$ref'/],
    ["is no JSON", '{"type":', /schema is no JSON: a value is expected in line 1, column 9/],
    ["is no object", "[]", /schema must be a JSON Schema/],
  ] as const) {
    test(`refuses a schema that ${what}`, async () => {
      expect(String(await rejection(validate({ json: "1", schema: bad })))).toMatch(problem);
    });
  }

  test("refuses texts that are too long", async () => {
    expect(String(await rejection(validate({ json: "1".repeat(2_000_000) })))).toMatch(/at most 1048576/);
  });
});

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
