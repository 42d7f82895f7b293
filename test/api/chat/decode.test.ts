import { describe, expect, test } from "bun:test";
import { Value } from "@sinclair/typebox/value";
import * as fc from "fast-check";
import { decode, usesFunctions } from "../../../src/api/chat/decode.ts";
import { ChatCompletionRequest } from "../../../src/api/chat/schema.ts";
import { refuseTooMany } from "../../../src/api/common/refuse-too-many.ts";
import { ServeError } from "../../../src/core/error.ts";
import type { GenerationRequest } from "../../../src/core/generation.ts";
import { arbitraryFor } from "../../support/arbitrary-schema.ts";

/** What `strict` asks of every object. */
const closed = { type: "object", additionalProperties: false };

const hello = { messages: [{ role: "user", content: "Hi" }] };

/** A body that the schema accepts, as the route gets it. */
function accepted(body: Record<string, unknown>): ChatCompletionRequest {
  const whole: unknown = { ...hello, ...body };
  if (!Value.Check(ChatCompletionRequest, whole)) throw new Error("The schema does not accept this body.");
  return whole;
}

const decoded = (body: Record<string, unknown>) => decode(accepted(body));
const speaksFunctions = (body: Record<string, unknown>) => usesFunctions(accepted(body));

test("a request that gives nothing but messages leaves everything to the backend", () => {
  expect(decoded({})).toEqual({
    model: "",
    prompt: { kind: "messages", messages: [{ role: "user", content: [{ type: "text", text: "Hi" }] }] },
    sampling: {},
    choices: 1,
    tools: [],
    toolChoice: { mode: "none" },
    parallelToolCalls: true,
    output: { kind: "text" },
    stream: false,
    extra: Object.create(null),
  });
});

test("null is the same as not given, for every field", () => {
  const optional = Object.keys(ChatCompletionRequest.properties).filter((name) => name !== "messages");
  const nulls = Object.fromEntries(optional.map((name) => [name, null]));

  expect(decoded(nulls)).toEqual(decoded({}));
});

const fields: [string, Record<string, unknown>, Partial<GenerationRequest>][] = [
  ["max_tokens", { max_tokens: 5 }, { sampling: { maxTokens: 5 } }],
  [
    "max_completion_tokens before max_tokens",
    { max_tokens: 9, max_completion_tokens: 5 },
    { sampling: { maxTokens: 5 } },
  ],
  [
    "sampling under our names",
    {
      temperature: 0,
      top_p: 0,
      top_k: 0,
      seed: 0,
      frequency_penalty: 0,
      presence_penalty: 0,
      logit_bias: { "1": 2 },
    },
    {
      sampling: {
        temperature: 0,
        topP: 0,
        topK: 0,
        seed: 0,
        frequencyPenalty: 0,
        presencePenalty: 0,
        logitBias: { "1": 2 },
      },
    },
  ],
  ["one stop string", { stop: "a" }, { sampling: { stop: ["a"] } }],
  ["stop strings but for empty ones", { stop: ["a", "", "b"] }, { sampling: { stop: ["a", "b"] } }],
  ["an empty stop string as none", { stop: "" }, { sampling: {} }],
  ["no stop strings as none", { stop: [] }, { sampling: {} }],
  ["n", { n: 3 }, { choices: 3 }],
  ["stream", { stream: true }, { stream: true }],
  ["logprobs", { logprobs: true, top_logprobs: 2 }, { logprobs: { top: 2 } }],
  ["logprobs without a number", { logprobs: true }, { logprobs: { top: 0 } }],
  ["reasoning_effort", { reasoning_effort: "low" }, { reasoning: { effort: "low" } }],
  ["response_format text", { response_format: { type: "text" } }, { output: { kind: "text" } }],
  ["response_format json_object", { response_format: { type: "json_object" } }, { output: { kind: "json" } }],
  [
    "response_format json_schema",
    {
      response_format: {
        type: "json_schema",
        json_schema: { name: "s", schema: closed, strict: true },
      },
    },
    { output: { kind: "json-schema", name: "s", schema: closed, strict: true } },
  ],
  [
    "response_format json_schema without a schema",
    { response_format: { type: "json_schema", json_schema: { name: "s" } } },
    { output: { kind: "json-schema", name: "s", schema: {}, strict: false } },
  ],
];

describe("decodes", () => {
  for (const [what, body, expected] of fields) {
    test(what, () => {
      expect(decoded(body)).toEqual({ ...decoded({}), ...expected });
    });
  }
});

const messages: [string, unknown, unknown][] = [
  [
    "a developer message",
    { role: "developer", content: "x" },
    { role: "developer", content: [{ type: "text", text: "x" }] },
  ],
  [
    "parts of all kinds",
    {
      role: "user",
      name: "Ann",
      content: [
        { type: "text", text: "a" },
        { type: "image_url", image_url: { url: "data:,", detail: "low" } },
        { type: "input_audio", input_audio: { data: "AA==", format: "wav" } },
        { type: "file", file: { filename: "f", file_data: "AA==" } },
      ],
    },
    {
      role: "user",
      name: "Ann",
      content: [
        { type: "text", text: "a" },
        { type: "image", url: "data:,", detail: "low" },
        { type: "audio", base64: "AA==", format: "wav" },
        { type: "file", filename: "f", base64: "AA==" },
      ],
    },
  ],
  ["an assistant without content", { role: "assistant" }, { role: "assistant", content: [] }],
  [
    "an assistant's refusal, as part and as field",
    { role: "assistant", content: [{ type: "refusal", refusal: "no" }], refusal: "never" },
    {
      role: "assistant",
      content: [
        { type: "refusal", text: "no" },
        { type: "refusal", text: "never" },
      ],
    },
  ],
  [
    "calls of an assistant, whatever their arguments",
    {
      role: "assistant",
      content: null,
      tool_calls: [
        { id: "1", type: "function", function: { name: "f", arguments: "{not json" } },
        { id: "2", function: { name: "g" } },
        { id: "3", type: "custom", custom: { name: "h", input: "x" } },
      ],
    },
    {
      role: "assistant",
      content: [],
      toolCalls: [
        { id: "1", kind: "function", name: "f", arguments: "{not json" },
        { id: "2", kind: "function", name: "g", arguments: "" },
        { id: "3", kind: "custom", name: "h", arguments: "x" },
      ],
    },
  ],
  [
    "an empty list of calls as none",
    { role: "assistant", content: "x", tool_calls: [] },
    { role: "assistant", content: [{ type: "text", text: "x" }] },
  ],
  [
    "an older call by its name",
    { role: "assistant", content: null, function_call: { name: "f", arguments: "{}" } },
    {
      role: "assistant",
      content: [],
      toolCalls: [{ id: "f", kind: "function", name: "f", arguments: "{}" }],
    },
  ],
  [
    "a tool's answer",
    { role: "tool", tool_call_id: "1", content: [{ type: "text", text: "x" }] },
    { role: "tool", toolCallId: "1", content: [{ type: "text", text: "x" }] },
  ],
  [
    "an older function's answer",
    { role: "function", name: "f", content: null },
    { role: "tool", toolCallId: "f", name: "f", content: [] },
  ],
];

describe("decodes", () => {
  for (const [what, message, expected] of messages) {
    test(what, () => {
      expect(decoded({ messages: [message] }).prompt as unknown).toEqual({
        kind: "messages",
        messages: [expected],
      });
    });
  }
});

const tools = [
  {
    type: "function",
    function: { name: "f", description: "d", parameters: closed, strict: true },
  },
  { type: "custom", custom: { name: "g" } },
];
const toolChoices: [string, Record<string, unknown>, unknown][] = [
  ["none when there are no tools", {}, { mode: "none" }],
  ["none for an empty list of tools", { tools: [], tool_choice: "auto" }, { mode: "none" }],
  ["auto when there are tools", { tools }, { mode: "auto" }],
  ["none", { tools, tool_choice: "none" }, { mode: "none" }],
  ["required", { tools, tool_choice: "required" }, { mode: "required" }],
  [
    "a function",
    { tools, tool_choice: { type: "function", function: { name: "f" } } },
    { mode: "named", name: "f" },
  ],
  [
    "a custom tool",
    { tools, tool_choice: { type: "custom", custom: { name: "g" } } },
    { mode: "named", name: "g" },
  ],
  [
    "some of the tools",
    {
      tools,
      tool_choice: {
        type: "allowed_tools",
        allowed_tools: {
          mode: "required",
          tools: [
            { type: "function", function: { name: "f" } },
            { type: "custom", custom: { name: "g" } },
          ],
        },
      },
    },
    { mode: "allowed", required: true, names: ["f", "g"] },
  ],
  ["an older choice", { functions: [{ name: "f" }], function_call: "none" }, { mode: "none" }],
  [
    "an older choice by name",
    { functions: [{ name: "f" }], function_call: { name: "f" } },
    { mode: "named", name: "f" },
  ],
];

describe("the choice of a tool is", () => {
  for (const [what, body, expected] of toolChoices) {
    test(what, () => {
      expect(decoded(body).toolChoice as unknown).toEqual(expected);
    });
  }
});

test("tools of both kinds are decoded", () => {
  expect(decoded({ tools }).tools).toEqual([
    { kind: "function", name: "f", description: "d", parameters: closed, strict: true },
    { kind: "custom", name: "g" },
  ]);
});

test("older functions are tools of which one is called, unless there are tools as well", () => {
  const functions = [{ name: "old", parameters: {} }];

  expect(decoded({ functions })).toMatchObject({
    tools: [{ kind: "function", name: "old", parameters: {} }],
    parallelToolCalls: false,
  });
  expect(decoded({ functions, tools })).toMatchObject({
    tools: [{ name: "f" }, { name: "g" }],
    parallelToolCalls: true,
  });
  expect([{ functions }, { functions, tools }, { functions: [] }].map(speaksFunctions)).toEqual([
    true,
    false,
    false,
  ]);
});

const contradictions: [string, Record<string, unknown>, string, string][] = [
  ["top_logprobs without logprobs", { top_logprobs: 1 }, "invalid_value", "top_logprobs"],
  ["audio answers", { modalities: ["text", "audio"] }, "unsupported_value", "modalities"],
  ["a forced call without tools", { tool_choice: "required" }, "invalid_value", "tool_choice"],
  [
    "a named tool that is not there",
    { tools, tool_choice: { type: "function", function: { name: "x" } } },
    "invalid_value",
    "tool_choice",
  ],
  [
    "a named function that is not there",
    { functions: [{ name: "f" }], function_call: { name: "x" } },
    "invalid_value",
    "function_call",
  ],
];

describe("refuses", () => {
  for (const [what, body, code, param] of contradictions) {
    test(what, () => {
      expect(() => decoded(body)).toThrow(expect.objectContaining({ kind: "invalid_request", code, param }));
    });
  }

  test("more messages than allowed, before it looks at any", () => {
    expect(() => refuseTooMany({ messages: [1, 2, 3] }, 2)).toThrow(
      expect.objectContaining({ code: "array_above_max_length", param: "messages" }),
    );
    expect(() => refuseTooMany({ messages: [1, 2] }, 2)).not.toThrow();
    expect(() => refuseTooMany({ messages: "x" }, 2)).not.toThrow();
  });
});

test("fields that are not ours are kept under their names, bookkeeping is not", () => {
  const body = {
    min_p: 0.1,
    chat_template_kwargs: { a: 1 },
    store: true,
    user: "u",
    metadata: { a: "b" },
    service_tier: "auto",
    prompt_cache_key: "k",
    safety_identifier: "s",
    stream_options: { include_usage: true },
  };

  expect(decoded(body).extra).toEqual(
    Object.assign(Object.create(null), { min_p: 0.1, chat_template_kwargs: { a: 1 } }),
  );
  expect(Object.keys(decoded({ store: false, unset: null }).extra)).toEqual([]);
});

test("whatever the schema accepts is decoded or refused as a ServeError", () => {
  fc.assert(
    fc.property(arbitraryFor(ChatCompletionRequest), (body) => {
      const valid = Value.Check(ChatCompletionRequest, body);
      fc.pre(valid);
      if (!valid) return;

      let thrown: unknown;
      try {
        decode(body);
      } catch (error) {
        thrown = error;
      }

      expect(thrown === undefined || (thrown instanceof ServeError && thrown.status === 400)).toBe(true);
    }),
    { numRuns: 200 },
  );
});
