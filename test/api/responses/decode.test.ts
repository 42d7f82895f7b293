import { describe, expect, test } from "bun:test";
import { Value } from "@sinclair/typebox/value";
import { decode } from "../../../src/api/responses/decode.ts";
import { ResponseRequest } from "../../../src/api/responses/schema.ts";
import { rejection } from "../../support/rejection.ts";

const strictSchema = {
  type: "object",
  properties: { city: { type: "string" } },
  required: ["city"],
  additionalProperties: false,
};
const looseSchema = { type: "object", properties: { city: { type: "string" } } };

function decoded(body: object) {
  const whole = { input: "hi", ...body };
  if (!Value.Check(ResponseRequest, whole)) throw new Error("The schema refuses it.");
  return decode(whole);
}

test("fields have our words for the backend, and those of its own are passed on", () => {
  const { generation, input, instructions } = decoded({
    model: "m",
    instructions: "Be brief.",
    max_output_tokens: 9,
    temperature: 0.5,
    top_p: 0.25,
    top_k: 3,
    stop: "x",
    parallel_tool_calls: false,
    reasoning: { effort: "low" },
    text: { format: { type: "json_object" }, verbosity: "low" },
    include: ["message.output_text.logprobs"],
    top_logprobs: 2,
    truncation: "auto",
    stream: true,
    min_p: 0.1,
    include_steps: true,
    user: "u",
    store: true,
    client_metadata: { a: "b" },
    context_management: [],
  });

  expect(input).toEqual([{ type: "message", role: "user", content: "hi" }]);
  expect(instructions).toEqual([{ role: "system", content: [{ type: "text", text: "Be brief." }] }]);
  expect(generation).toEqual({
    model: "m",
    sampling: { maxTokens: 9, temperature: 0.5, topP: 0.25, topK: 3, stop: ["x"] },
    choices: 1,
    tools: [],
    toolChoice: { mode: "none" },
    parallelToolCalls: false,
    output: { kind: "json" },
    logprobs: { top: 2 },
    reasoning: { effort: "low" },
    truncate: true,
    stream: true,
    extra: expect.objectContaining({ min_p: 0.1, include_steps: true, verbosity: "low" }),
    notes: { user: "u" },
  });
  expect(Object.keys(generation.extra).toSorted()).toEqual(["include_steps", "min_p", "verbosity"]);
});

test("fields of chat are no fields of this surface, and are not passed on", () => {
  const { generation, ignored } = decoded({ max_tokens: 5, n: 2, response_format: { type: "json_object" } });

  expect(generation.extra).toEqual({});
  expect(generation.sampling).toEqual({});
  expect([...ignored]).toEqual(["max_tokens", "n", "response_format"]);
});

describe("a tool", () => {
  for (const [what, tool, ours, shown] of [
    [
      "whose schema is strict is held to it if nothing is said",
      { type: "function", name: "f", parameters: strictSchema },
      { kind: "function", name: "f", parameters: strictSchema, strict: true },
      { type: "function", name: "f", description: null, parameters: strictSchema, strict: true },
    ],
    [
      "whose schema is loose is not",
      { type: "function", name: "f", description: "d", parameters: looseSchema },
      { kind: "function", name: "f", description: "d", parameters: looseSchema, strict: false },
      { type: "function", name: "f", description: "d", parameters: looseSchema, strict: false },
    ],
    [
      "may say that it is not strict",
      { type: "function", name: "f", parameters: strictSchema, strict: false },
      { kind: "function", name: "f", parameters: strictSchema, strict: false },
      { type: "function", name: "f", description: null, parameters: strictSchema, strict: false },
    ],
    [
      "in chat's form is flattened",
      { type: "function", function: { name: "f", description: "d", parameters: looseSchema } },
      { kind: "function", name: "f", description: "d", parameters: looseSchema, strict: false },
      { type: "function", name: "f", description: "d", parameters: looseSchema, strict: false },
    ],
    [
      "may take free text",
      { type: "custom", name: "c", format: { type: "text" } },
      { kind: "custom", name: "c" },
      { type: "custom", name: "c", description: null, format: { type: "text" } },
    ],
  ] as const) {
    test(what, () => {
      const { generation, tools } = decoded({ tools: [tool] });

      expect<object[]>([...generation.tools]).toEqual([ours]);
      expect<object[]>(tools.shown).toEqual([shown]);
    });
  }

  test("of a namespace bears both names, and the client's again when it is called", () => {
    const inner = { type: "function", name: "read", parameters: looseSchema };
    const { generation, tools } = decoded({
      tools: [
        { type: "namespace", name: "files", description: "d", tools: [inner, { type: "web_search" }] },
        { type: "namespace", name: "mcp__x__", tools: [inner] },
        { type: "tool_search" },
      ],
    });

    expect(generation.tools.map(({ name }) => name)).toEqual(["files__read", "mcp__x__read"]);
    expect(tools.names.get("files__read")).toEqual({ name: "read", namespace: "files" });
    expect([...tools.dropped]).toEqual(["web_search", "tool_search"]);
  });
});

const tools = [
  { type: "function", name: "f" },
  { type: "custom", name: "c" },
  { type: "namespace", name: "n", tools: [{ type: "function", name: "g" }] },
];

describe("a choice of tools", () => {
  for (const [choice, mode] of [
    [undefined, { mode: "auto" }],
    [null, { mode: "auto" }],
    ["none", { mode: "none" }],
    ["required", { mode: "required" }],
    [
      { type: "function", name: "f" },
      { mode: "named", name: "f" },
    ],
    [
      { type: "function", function: { name: "f" } },
      { mode: "named", name: "f" },
    ],
    [
      { type: "custom", name: "c" },
      { mode: "named", name: "c" },
    ],
    [
      { type: "function", name: "g", namespace: "n" },
      { mode: "named", name: "n__g" },
    ],
    [
      { type: "function", name: "g" },
      { mode: "named", name: "n__g" },
    ],
    [
      {
        type: "allowed_tools",
        mode: "required",
        tools: [{ type: "function", name: "f" }, { type: "web_search" }],
      },
      { mode: "allowed", required: true, names: ["f"] },
    ],
    [{ type: "allowed_tools", mode: "auto", tools: [{ type: "web_search" }] }, { mode: "none" }],
  ] as const) {
    test(`is ${JSON.stringify(choice)}`, () => {
      expect<object>(decoded({ tools, tool_choice: choice }).generation.toolChoice).toEqual(mode);
    });
  }
});

describe("is refused by name:", () => {
  for (const [body, code, param] of [
    [{ tools: [{ type: "function" }] }, "missing_required_parameter", "tools[0].name"],
    [
      { tools: [{ type: "namespace", name: "n", tools: [{ type: "custom" }] }] },
      "missing_required_parameter",
      "tools[0].tools[0].name",
    ],
    [
      { tools: [{ type: "function", name: "f", parameters: looseSchema, strict: true }] },
      "invalid_value",
      "tools[0].parameters.additionalProperties",
    ],
    [{ tools, tool_choice: { type: "function", name: "other" } }, "invalid_value", "tool_choice"],
    [{ tools, tool_choice: { type: "mcp", server_label: "s" } }, "unsupported_value", "tool_choice"],
    [
      { tools, tool_choice: { type: "allowed_tools", mode: "required", tools: [{ type: "web_search" }] } },
      "invalid_value",
      "tool_choice",
    ],
    [
      { text: { format: { type: "json_schema", name: "n", schema: looseSchema, strict: true } } },
      "invalid_value",
      "text.format.schema.additionalProperties",
    ],
    [
      { input: [{ role: "user", content: [{ type: "input_file", file_url: "https://example.com" }] }] },
      "unsupported_value",
      "input[0].content[0].file_data",
    ],
  ] as const) {
    test(JSON.stringify(body).slice(0, 90), async () => {
      expect(await rejection(Promise.try(() => decoded(body)))).toMatchObject({ code, param });
    });
  }
});
