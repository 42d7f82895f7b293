import { describe, expect, test } from "bun:test";
import type { Tool, ToolChoice } from "../../../src/core/generation.ts";
import {
  createForcedCallParser,
  type ForcedCall,
  forcedCallSchema,
} from "../../../src/text/tool-calls/forced-calls.ts";
import { type Parsed, parseWith, tools as names } from "./parsed.ts";

const add: Tool = {
  kind: "function",
  name: "add",
  parameters: {
    type: "object",
    properties: { a: { $ref: "#/$defs/size" }, $ref: { type: "string", default: { $ref: "#" } } },
    $defs: { size: { anyOf: [{ type: "integer" }, { $ref: "#" }] } },
  },
};
const now: Tool = { kind: "function", name: "now" };
const note: Tool = { kind: "custom", name: "note" };

const answers: readonly (readonly [string, "named" | "required", string, Parsed[]])[] = [
  ["the whole text is the arguments", "named", '{"a": [1, "}"]}', [["add", '{"a": [1, "}"]}']]],
  ["white space around them vanishes", "named", ' \n{"a": 1}\n ', [["add", '{"a": 1}']]],
  ["arguments may be cut off", "named", '{"a": 1', [["add", '{"a": 1']]],
  ["nothing is no call", "named", "", []],
  ["no object is text", "named", "sorry", ["sorry"]],
  ["what follows the arguments is text", "named", '{"a": 1} so', [["add", '{"a": 1}'], " so"]],
  [
    "an array of calls",
    "required",
    '[{"name": "add", "parameters": {"a": 1}}, {"name": "now", "parameters": {}}]',
    [
      ["add", '{"a": 1}'],
      ["now", "{}"],
    ],
  ],
  ["one call without an array", "required", '{"name": "now", "parameters": {}}', [["now", "{}"]]],
  ["an array cut off", "required", '[{"name": "add", "parameters": {"a": ', [["add", '{"a": ']]],
  ["an unknown tool is text", "required", '[{"name": "rm"}]', ['[{"name": "rm"}]']],
];

describe("an answer that was constrained", () => {
  for (const [title, kind, answer, expected] of answers) {
    test(`${kind}: ${title}`, () => {
      const forced: ForcedCall = kind === "named" ? { kind, name: "add" } : { kind, tools: names };

      expect(parseWith(createForcedCallParser(forced), [answer])).toEqual(expected);
      expect(parseWith(createForcedCallParser(forced), answer.split(""))).toEqual(expected);
    });
  }
});

describe("the schema of a forced call", () => {
  const all = [add, now, note];

  test("of a named tool is that of its arguments", () => {
    expect(forcedCallSchema(all, { mode: "named", name: "add" }, true)).toBe(add.parameters);
    expect(forcedCallSchema(all, { mode: "named", name: "now" }, true)).toEqual({
      type: "object",
      properties: {},
    });
    expect(forcedCallSchema(all, { mode: "named", name: "note" }, true)).toMatchObject({
      properties: { input: { type: "string" } },
      required: ["input"],
    });
  });

  test("of a required call is an array of calls of these tools", () => {
    expect(forcedCallSchema([now], { mode: "required" }, true)).toEqual({
      type: "array",
      minItems: 1,
      items: {
        anyOf: [
          {
            type: "object",
            properties: {
              name: { type: "string", enum: ["now"] },
              parameters: { type: "object", properties: {} },
            },
            required: ["name", "parameters"],
            additionalProperties: false,
          },
        ],
      },
    });
  });

  test("allows one call where calls are not parallel", () => {
    expect(forcedCallSchema(all, { mode: "required" }, false)).toMatchObject({ maxItems: 1 });
  });

  test("has only the allowed tools", () => {
    const choice: ToolChoice = { mode: "allowed", required: true, names: ["note"] };

    const schema = forcedCallSchema(all, choice, true);

    expect(JSON.stringify(schema).match(/"enum":\["\w+"\]/g)).toEqual(['"enum":["note"]']);
  });

  test("keeps references of a tool's schema to itself", () => {
    const place = "#/items/anyOf/1/properties/parameters";

    expect(forcedCallSchema([now, add], { mode: "required" }, true)).toMatchObject({
      items: {
        anyOf: [
          {},
          {
            properties: {
              parameters: {
                properties: {
                  a: { $ref: `${place}/$defs/size` },
                  $ref: { type: "string", default: { $ref: "#" } },
                },
                $defs: { size: { anyOf: [{ type: "integer" }, { $ref: place }] } },
              },
            },
          },
        ],
      },
    });
  });

  const free: readonly ToolChoice[] = [
    { mode: "none" },
    { mode: "auto" },
    { mode: "allowed", required: false, names: ["add"] },
    { mode: "allowed", required: true, names: [] },
    { mode: "named", name: "rm" },
  ];
  for (const choice of free) {
    test(`does not exist for ${JSON.stringify(choice)}`, () => {
      expect(forcedCallSchema(all, choice, true)).toBeUndefined();
    });
  }
});
