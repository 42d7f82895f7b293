import { describe, expect, test } from "bun:test";
import { type TSchema, Type } from "@sinclair/typebox";
import * as fc from "fast-check";
import { ChatCompletionRequest } from "../../src/api/chat/schema.ts";
import { CompletionRequest } from "../../src/api/completions/schema.ts";
import { MessageRequest } from "../../src/api/messages/schema.ts";
import { ServeError } from "../../src/core/error.ts";
import { checked, explain, toParam } from "../../src/http/validation.ts";

/** Stands in every value of a bad request, and must not come back. */
const secret = "canary-7f3a";

const user = { role: "user", content: secret };
const part = (value: unknown) => ({ messages: [{ role: "user", content: [value] }] });
const assistant = (toolCall: unknown) => ({
  messages: [user, { role: "assistant", tool_calls: [toolCall] }],
});
const format = (jsonSchema: unknown) => ({
  response_format: { type: "json_schema", json_schema: jsonSchema },
});
const tool = (definition: unknown) => ({ tools: [{ type: "function", function: definition }] });

type Mistake = readonly [mistake: Record<string, unknown>, code: string, param: string];

const chatMistakes: readonly Mistake[] = [
  [{ messages: undefined }, "missing_required_parameter", "messages"],
  [{ messages: null }, "invalid_type", "messages"],
  [{ messages: [] }, "empty_array", "messages"],
  [{ messages: secret }, "invalid_type", "messages"],
  [{ messages: user }, "invalid_type", "messages"],
  [{ messages: [secret] }, "invalid_type", "messages[0]"],
  [{ messages: [null] }, "invalid_type", "messages[0]"],
  [{ messages: [user, [user]] }, "invalid_type", "messages[1]"],
  [{ messages: [{ content: secret }] }, "missing_required_parameter", "messages[0].role"],
  [{ messages: [{ role: secret, content: secret }] }, "invalid_value", "messages[0].role"],
  [{ messages: [user, { role: "User", content: secret }] }, "invalid_value", "messages[1].role"],
  [{ messages: [{ role: null, content: secret }] }, "invalid_type", "messages[0].role"],
  [{ messages: [{ role: 5, content: secret }] }, "invalid_type", "messages[0].role"],
  [{ messages: [{ role: ["user"], content: secret }] }, "invalid_type", "messages[0].role"],
  [
    { messages: [{ role: { toString: 1, valueOf: 1 }, content: secret }] },
    "invalid_type",
    "messages[0].role",
  ],
  [{ messages: [{ role: "user" }] }, "missing_required_parameter", "messages[0].content"],
  [{ messages: [{ role: "user", content: null }] }, "invalid_type", "messages[0].content"],
  [{ messages: [{ role: "user", content: 5 }] }, "invalid_type", "messages[0].content"],
  [
    { messages: [{ role: "user", content: { type: "text", text: secret } }] },
    "invalid_type",
    "messages[0].content",
  ],
  [{ messages: [{ role: "system", content: 5 }] }, "invalid_type", "messages[0].content"],
  [{ messages: [{ role: "developer", content: null }] }, "invalid_type", "messages[0].content"],
  [{ messages: [{ role: "user", content: secret, name: 5 }] }, "invalid_type", "messages[0].name"],
  [
    { messages: [{ role: "user", content: secret, name: secret.repeat(30) }] },
    "string_above_max_length",
    "messages[0].name",
  ],
  [part(secret), "invalid_type", "messages[0].content[0]"],
  [
    {
      messages: [
        { role: "tool", tool_call_id: "a", content: [{ type: "image_url", image_url: { url: secret } }] },
      ],
    },
    "invalid_value",
    "messages[0].content[0].type",
  ],
  [part({}), "missing_required_parameter", "messages[0].content[0].type"],
  [part({ text: secret }), "missing_required_parameter", "messages[0].content[0].type"],
  [part({ type: "video", video: secret }), "invalid_value", "messages[0].content[0].type"],
  [part({ type: "refusal", refusal: secret }), "invalid_value", "messages[0].content[0].type"],
  [part({ type: "text" }), "missing_required_parameter", "messages[0].content[0].text"],
  [part({ type: "text", text: [secret] }), "invalid_type", "messages[0].content[0].text"],
  [part({ type: "image_url" }), "missing_required_parameter", "messages[0].content[0].image_url"],
  [part({ type: "image_url", image_url: secret }), "invalid_type", "messages[0].content[0].image_url"],
  [
    part({ type: "image_url", image_url: {} }),
    "missing_required_parameter",
    "messages[0].content[0].image_url.url",
  ],
  [
    part({ type: "image_url", image_url: { url: 5 } }),
    "invalid_type",
    "messages[0].content[0].image_url.url",
  ],
  [
    part({ type: "input_audio", input_audio: { data: secret } }),
    "missing_required_parameter",
    "messages[0].content[0].input_audio.format",
  ],
  [part({ type: "file", file: { file_data: 5 } }), "invalid_type", "messages[0].content[0].file.file_data"],
  [
    { messages: [{ role: "tool", content: secret }] },
    "missing_required_parameter",
    "messages[0].tool_call_id",
  ],
  [
    { messages: [user, { role: "tool", content: secret, tool_call_id: 5 }] },
    "invalid_type",
    "messages[1].tool_call_id",
  ],
  [{ messages: [{ role: "function", content: secret }] }, "missing_required_parameter", "messages[0].name"],
  [assistant(secret), "invalid_type", "messages[1].tool_calls[0]"],
  [
    assistant({ type: "function", function: { name: "f" } }),
    "missing_required_parameter",
    "messages[1].tool_calls[0].id",
  ],
  [
    assistant({ id: "a", type: "function" }),
    "missing_required_parameter",
    "messages[1].tool_calls[0].function",
  ],
  [assistant({ id: "a" }), "missing_required_parameter", "messages[1].tool_calls[0].function"],
  [assistant({ id: "a", type: secret }), "invalid_value", "messages[1].tool_calls[0].type"],
  [
    assistant({ id: "a", type: "function", function: { name: "f", arguments: { city: secret } } }),
    "invalid_type",
    "messages[1].tool_calls[0].function.arguments",
  ],
  [
    assistant({ id: "a", type: "custom", custom: { name: "f" } }),
    "missing_required_parameter",
    "messages[1].tool_calls[0].custom.input",
  ],
  [{ model: 5 }, "invalid_type", "model"],
  [{ model: secret.repeat(50) }, "string_above_max_length", "model"],
  [{ temperature: 2.5 }, "decimal_above_max_value", "temperature"],
  [{ temperature: -1 }, "decimal_below_min_value", "temperature"],
  [{ temperature: "0.5" }, "invalid_type", "temperature"],
  [{ temperature: Number.POSITIVE_INFINITY }, "decimal_above_max_value", "temperature"],
  [{ temperature: Number.NEGATIVE_INFINITY }, "decimal_below_min_value", "temperature"],
  [{ top_p: 1.1 }, "decimal_above_max_value", "top_p"],
  [{ top_k: 0.5 }, "invalid_type", "top_k"],
  [{ n: 0 }, "integer_below_min_value", "n"],
  [{ n: 129 }, "integer_above_max_value", "n"],
  [{ n: true }, "invalid_type", "n"],
  [{ top_logprobs: 21 }, "integer_above_max_value", "top_logprobs"],
  [{ presence_penalty: 3 }, "decimal_above_max_value", "presence_penalty"],
  [{ frequency_penalty: -3 }, "decimal_below_min_value", "frequency_penalty"],
  [{ max_tokens: 0 }, "integer_below_min_value", "max_tokens"],
  [{ max_tokens: -1 }, "integer_below_min_value", "max_tokens"],
  [{ max_tokens: 1.5 }, "invalid_type", "max_tokens"],
  [{ max_tokens: "10" }, "invalid_type", "max_tokens"],
  [{ max_tokens: 2 ** 31 }, "integer_above_max_value", "max_tokens"],
  [{ max_completion_tokens: 0 }, "integer_below_min_value", "max_completion_tokens"],
  [{ stream: "yes" }, "invalid_type", "stream"],
  [{ stream_options: secret }, "invalid_type", "stream_options"],
  [{ stream_options: { include_usage: 1 } }, "invalid_type", "stream_options.include_usage"],
  [{ stop: 5 }, "invalid_type", "stop"],
  [{ stop: [5] }, "invalid_type", "stop[0]"],
  [{ stop: [secret, null] }, "invalid_type", "stop[1]"],
  [{ stop: secret.repeat(100) }, "string_above_max_length", "stop"],
  [{ stop: [secret.repeat(100)] }, "string_above_max_length", "stop[0]"],
  [{ stop: Array(17).fill(secret) }, "array_above_max_length", "stop"],
  [{ logit_bias: [1] }, "invalid_type", "logit_bias"],
  [{ logit_bias: { 50256: 101 } }, "integer_above_max_value", "logit_bias.50256"],
  [{ logit_bias: { 50256: secret } }, "invalid_type", "logit_bias.50256"],
  [{ tools: {} }, "invalid_type", "tools"],
  [{ tools: Array.from({ length: 129 }, () => ({})) }, "array_above_max_length", "tools"],
  [{ tools: [{ function: { name: "f" } }] }, "missing_required_parameter", "tools[0].type"],
  [{ tools: [{ type: secret }] }, "invalid_value", "tools[0].type"],
  [{ tools: [{ type: "function" }] }, "missing_required_parameter", "tools[0].function"],
  [tool({}), "missing_required_parameter", "tools[0].function.name"],
  [tool({ name: "a b" }), "invalid_value", "tools[0].function.name"],
  [tool({ name: "" }), "string_below_min_length", "tools[0].function.name"],
  [tool({ name: "a".repeat(65) }), "string_above_max_length", "tools[0].function.name"],
  [tool({ name: "f", parameters: secret }), "invalid_type", "tools[0].function.parameters"],
  [tool({ name: "f", strict: secret }), "invalid_type", "tools[0].function.strict"],
  [{ tool_choice: secret }, "invalid_value", "tool_choice"],
  [{ tool_choice: 5 }, "invalid_type", "tool_choice"],
  [{ tool_choice: {} }, "missing_required_parameter", "tool_choice.type"],
  [{ tool_choice: { type: secret } }, "invalid_value", "tool_choice.type"],
  [{ tool_choice: { type: "function" } }, "missing_required_parameter", "tool_choice.function"],
  [
    { tool_choice: { type: "allowed_tools", allowed_tools: { mode: secret, tools: [] } } },
    "invalid_value",
    "tool_choice.allowed_tools.mode",
  ],
  [{ functions: [{}] }, "missing_required_parameter", "functions[0].name"],
  [{ function_call: secret }, "invalid_value", "function_call"],
  [{ function_call: {} }, "missing_required_parameter", "function_call.name"],
  [{ response_format: secret }, "invalid_type", "response_format"],
  [{ response_format: {} }, "missing_required_parameter", "response_format.type"],
  [{ response_format: { type: "xml" } }, "invalid_value", "response_format.type"],
  [{ response_format: { type: "json_schema" } }, "missing_required_parameter", "response_format.json_schema"],
  [format({ schema: {} }), "missing_required_parameter", "response_format.json_schema.name"],
  [format({ name: "a b" }), "invalid_value", "response_format.json_schema.name"],
  [format({ name: "a", schema: [secret] }), "invalid_type", "response_format.json_schema.schema"],
  [{ reasoning_effort: secret }, "invalid_value", "reasoning_effort"],
  [{ reasoning_effort: 5 }, "invalid_type", "reasoning_effort"],
  [{ modalities: [secret] }, "invalid_value", "modalities[0]"],
  [{ metadata: [] }, "invalid_type", "metadata"],
];

const completionMistakes: readonly Mistake[] = [
  [{ model: 5 }, "invalid_type", "model"],
  [{ max_tokens: -1 }, "integer_below_min_value", "max_tokens"],
  [{ logprobs: 6 }, "integer_above_max_value", "logprobs"],
  [{ logprobs: true }, "invalid_type", "logprobs"],
  [{ best_of: 21 }, "integer_above_max_value", "best_of"],
  [{ echo: "yes" }, "invalid_type", "echo"],
  [{ suffix: 5 }, "invalid_type", "suffix"],
];

function validate(schema: TSchema, value: unknown): unknown {
  return checked(schema)["~standard"].validate(value).value;
}

const messageMistakes: readonly Mistake[] = [
  [{ max_tokens: undefined }, "missing_required_parameter", "max_tokens"],
  [{ max_tokens: null }, "invalid_type", "max_tokens"],
  [{ max_tokens: 0 }, "integer_below_min_value", "max_tokens"],
  [{ messages: [{ role: "tool", content: secret }] }, "invalid_value", "messages[0].role"],
  [{ messages: [{ role: "user" }] }, "missing_required_parameter", "messages[0].content"],
  [part(secret), "invalid_type", "messages[0].content[0]"],
  [part({ text: secret }), "missing_required_parameter", "messages[0].content[0].type"],
  [part({ type: 5 }), "invalid_type", "messages[0].content[0].type"],
  [part({ type: `${secret} ${secret}` }), "invalid_value", "messages[0].content[0].type"],
  [part({ type: "text" }), "missing_required_parameter", "messages[0].content[0].text"],
  [part({ type: "text", text: 5 }), "invalid_type", "messages[0].content[0].text"],
  [part({ type: "tool_use", id: "a", name: "b" }), "invalid_value", "messages[0].content[0].type"],
  [part({ type: "image" }), "missing_required_parameter", "messages[0].content[0].source"],
  [
    part({ type: "image", source: { type: "file", file_id: secret } }),
    "invalid_value",
    "messages[0].content[0].source.type",
  ],
  [
    part({ type: "image", source: { type: "base64", media_type: "text/html", data: secret } }),
    "invalid_value",
    "messages[0].content[0].source.media_type",
  ],
  [
    part({ type: "document", source: { type: "url", url: secret } }),
    "invalid_value",
    "messages[0].content[0].source.type",
  ],
  [
    part({ type: "tool_result", tool_use_id: "a", content: [{ type: "text" }] }),
    "missing_required_parameter",
    "messages[0].content[0].content[0].text",
  ],
  [{ system: [{ type: "image" }] }, "invalid_value", "system[0].type"],
  [{ tools: [{ name: "a b", input_schema: {} }] }, "invalid_value", "tools[0].name"],
  [{ tools: [{ name: "a" }] }, "missing_required_parameter", "tools[0].input_schema"],
  [{ tools: [{ type: "custom", name: "a" }] }, "missing_required_parameter", "tools[0].input_schema"],
  [{ tools: [{ type: null, name: 5, input_schema: {} }] }, "invalid_type", "tools[0].name"],
  [{ tool_choice: "auto" }, "invalid_type", "tool_choice"],
  [{ tool_choice: { type: secret } }, "invalid_value", "tool_choice.type"],
  [{ tool_choice: { type: "tool" } }, "missing_required_parameter", "tool_choice.name"],
  [{ thinking: { type: "enabled" } }, "missing_required_parameter", "thinking.budget_tokens"],
  [{ output_config: { effort: secret } }, "invalid_value", "output_config.effort"],
  [
    { output_config: { format: { type: "json_schema" } } },
    "missing_required_parameter",
    "output_config.format.schema",
  ],
  [{ stop_sequences: secret }, "invalid_type", "stop_sequences"],
  [{ temperature: 3 }, "decimal_above_max_value", "temperature"],
  [{ stream: "yes" }, "invalid_type", "stream"],
];

function refuse(): never {
  throw new ServeError("invalid_request", "Too many.", { param: "messages" });
}

test("what comes before the schema is asked first", () => {
  const thrown = failureOf(() =>
    checked(ChatCompletionRequest, refuse)["~standard"].validate({ messages: 5 }),
  );

  expect(thrown).toMatchObject({ message: "Too many." });
});

describe("a bad body", () => {
  for (const [name, schema, base, mistakes] of [
    ["chat", ChatCompletionRequest, { model: "echo", messages: [user] }, chatMistakes],
    ["completions", CompletionRequest, { model: "echo", prompt: secret }, completionMistakes],
    ["messages", MessageRequest, { model: "echo", max_tokens: 9, messages: [user] }, messageMistakes],
  ] as const) {
    for (const [mistake, code, param] of mistakes) {
      test(`${name}: ${show(mistake)} is ${code} of ${param}`, () => {
        const thrown = failureOf(() => validate(schema, withoutUndefined({ ...base, ...mistake })));

        expect(thrown).toMatchObject({ kind: "invalid_request", code, param });
        expect(thrown?.message).toContain(param);
        expect(thrown?.message).not.toContain(secret);
      });
    }
  }

  for (const body of [null, "text", 5, [user]]) {
    test(`${JSON.stringify(body)} in place of an object has no param`, () => {
      const error = explain(ChatCompletionRequest, body);

      expect(error).toMatchObject({ code: "invalid_type", param: undefined });
      expect(error.message).toStartWith("The request body must be of type object");
    });
  }
});

describe("a good body", () => {
  for (const body of [
    { messages: [user] },
    {
      messages: [user],
      temperature: null,
      tools: null,
      tool_choice: null,
      response_format: null,
      stop: null,
    },
    { messages: [user], foo: 1, stream_options: { more: [1] } },
    { messages: [{ role: "assistant", content: null, tool_calls: [{ id: "a", function: { name: "f" } }] }] },
    {
      messages: [
        { role: "assistant" },
        { role: "tool", tool_call_id: "a", content: [{ type: "text", text: "x" }] },
      ],
    },
    { messages: [{ role: "user", content: [] }] },
    { messages: [user], stop: "", logit_bias: { 50256: -100 }, metadata: { a: "1" } },
    { messages: [user], tool_choice: { type: "function", function: { name: "f" } } },
  ]) {
    test(`passes: ${show(body)}`, () => {
      expect(failureOf(() => validate(ChatCompletionRequest, body))).toBeUndefined();
    });
  }
});

describe("sentences", () => {
  const sentences: readonly (readonly [Record<string, unknown>, string])[] = [
    [{ temperature: 99 }, "'temperature' must be at most 2."],
    [{ max_tokens: "10" }, "'max_tokens' must be of type integer, but it is of type string."],
    [{ max_tokens: 1.5 }, "'max_tokens' must be of type integer, but it is of type number."],
    [{ stop: 5 }, "'stop' must be of type string or array, but it is of type integer."],
    [{ messages: [] }, "'messages' must have at least 1 item."],
    [{ tool_choice: "all" }, "'tool_choice' must be one of: 'none', 'auto', 'required'."],
    [
      { messages: [{ role: "boss", content: "x" }] },
      "'messages[0].role' must be one of: 'system', 'developer', 'user', 'assistant', 'tool', 'function'.",
    ],
  ];
  for (const [mistake, sentence] of sentences) {
    test(`${show(mistake)}: ${sentence}`, () => {
      expect(explain(ChatCompletionRequest, { messages: [user], ...mistake }).message).toBe(sentence);
    });
  }
});

test("whatever JSON comes, the explanation is a sentence that holds none of its texts", () => {
  fc.assert(
    fc.property(hostileBody(), (body) => {
      const error = explain(ChatCompletionRequest, body);

      expect(error).toBeInstanceOf(ServeError);
      expect(error.message).not.toContain(secret);
      expect(error.param ?? "").not.toContain(secret);
    }),
    { numRuns: 2_000 },
  );
});

test("the check agrees with the explanation: what fails has a code, and what passes is not refused", () => {
  const schema = Type.Object({ a: Type.Optional(Type.Integer({ minimum: 1 })) });
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const thrown = failureOf(() => validate(schema, { a: value }));

      const isGood = Number.isInteger(value) && Number(value) >= 1;
      expect(thrown?.code === undefined).toBe(isGood);
    }),
  );
});

describe("toParam", () => {
  const whole = {
    messages: [{ content: [] }, { content: [{}, { text: 1 }] }],
    logit_bias: { 5: 1 },
    "a/b": { "c~d": 1 },
  };
  for (const [pointer, param] of [
    ["", ""],
    ["/model", "model"],
    ["/messages/1/content/1/text", "messages[1].content[1].text"],
    ["/messages/0/role", "messages[0].role"],
    ["/logit_bias/5", "logit_bias.5"],
    ["/a~1b/c~0d", "a/b.c~d"],
  ] as const) {
    test(`${JSON.stringify(pointer)} is ${JSON.stringify(param)}`, () => {
      expect(toParam(pointer, whole)).toBe(param);
    });
  }

  test("a long path is cut", () => {
    expect(toParam(`/${"x".repeat(10_000)}`, {}).length).toBeLessThanOrEqual(256);
  });
});

/** Bodies that get deep into the schema before they go wrong, with the secret in every text that is not a known word. */
function hostileBody() {
  const words = [
    "user",
    "assistant",
    "tool",
    "function",
    "text",
    "image_url",
    "json_schema",
    "auto",
    "allowed_tools",
  ];
  const names = [
    ...Object.keys(ChatCompletionRequest.properties),
    "role",
    "content",
    "type",
    "text",
    "name",
    "url",
    "id",
    "mode",
    "image_url",
    "toString",
    "valueOf",
    "constructor",
    "__proto__",
    "length",
    "0",
  ];
  const { value } = fc.letrec((tie) => ({
    value: fc.oneof(
      { depthSize: "medium" },
      fc.constantFrom(...words),
      fc.string().map((text) => secret + text),
      fc.constantFrom(null, true, false, 0, -1, 1.5, 1e300),
      fc.array(tie("value"), { maxLength: 3 }),
      fc.dictionary(fc.constantFrom(...names), tie("value"), { maxKeys: 4 }),
    ),
  }));
  return fc.oneof(
    value,
    fc.dictionary(fc.constantFrom(...names), value).map((body) => ({ messages: [user], ...body })),
    fc.array(fc.dictionary(fc.constantFrom(...names), value)).map((messages) => ({ messages })),
  );
}

function failureOf(act: () => void): ServeError | undefined {
  try {
    act();
    return undefined;
  } catch (thrown) {
    if (thrown instanceof ServeError) return thrown;
    throw thrown;
  }
}

function withoutUndefined(body: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(body).filter(([, value]) => value !== undefined));
}

function show(body: Record<string, unknown>): string {
  const text = Bun.inspect(body, { compact: true });
  return text.length > 90 ? `${text.slice(0, 90)}…` : text;
}
