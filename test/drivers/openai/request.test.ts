import { describe, expect, test } from "bun:test";
import type { GenerationRequest, Message } from "../../../src/core/generation.ts";
import type { JsonRecord } from "../../../src/core/json.ts";
import type { OpenaiConfig } from "../../../src/drivers/openai/config.ts";
import { startBed } from "./support.ts";

const streaming = { stream: true, stream_options: { include_usage: true } };
const hi = { messages: [{ role: "user", content: "Hi" }] };
const plain = { model: "m", ...hi, ...streaming };
const say = (message: Partial<Message>): Partial<GenerationRequest> => ({
  prompt: { kind: "messages", messages: [{ role: "user", content: [], ...message }] },
});
const tools = [
  {
    kind: "function" as const,
    name: "f",
    description: "Does f.",
    parameters: { type: "object" },
    strict: true,
  },
  { kind: "custom" as const, name: "g" },
];
const sentTools = [
  {
    type: "function",
    function: { name: "f", description: "Does f.", parameters: { type: "object" }, strict: true },
  },
  { type: "custom", custom: { name: "g" } },
];
const schema = { type: "object" };
const openai: Partial<OpenaiConfig> = { provider: "openai" };

const rows: readonly [string, Partial<GenerationRequest>, JsonRecord, Partial<OpenaiConfig>?][] = [
  ["nothing that was not given", {}, plain],
  ["a stream also where the client wants none", { stream: false }, plain],
  [
    "all of sampling",
    {
      sampling: {
        maxTokens: 5,
        temperature: 0,
        topP: 0.5,
        topK: 3,
        seed: 1,
        frequencyPenalty: 1,
        presencePenalty: -1,
        logitBias: { "1": 2 },
        stop: ["a"],
      },
      choices: 2,
    },
    {
      ...plain,
      max_tokens: 5,
      temperature: 0,
      top_p: 0.5,
      top_k: 3,
      seed: 1,
      frequency_penalty: 1,
      presence_penalty: -1,
      logit_bias: { "1": 2 },
      stop: ["a"],
      n: 2,
    },
  ],
  [
    "the limit as OpenAI calls it, and no top_k",
    { sampling: { maxTokens: 5, topK: 3 } },
    { ...plain, max_completion_tokens: 5 },
    openai,
  ],
  [
    "the limit as the operator calls it",
    { sampling: { maxTokens: 5 } },
    { ...plain, max_completion_tokens: 5 },
    { max_tokens_field: "max_completion_tokens" },
  ],
  [
    "uninterpreted fields, but not our own",
    { extra: { min_p: 0.1, conversation_id: "c", include_steps: true } },
    { ...plain, min_p: 0.1 },
  ],
  ["no uninterpreted field over one of ours", { extra: { stream: false, model: "x" } }, plain],
  ["tools", { tools }, { ...plain, tools: sentTools }],
  [
    "a required call, one at a time",
    { tools, toolChoice: { mode: "required" }, parallelToolCalls: false },
    { ...plain, tools: sentTools, tool_choice: "required", parallel_tool_calls: false },
  ],
  ["no call", { tools, toolChoice: { mode: "none" } }, { ...plain, tools: sentTools, tool_choice: "none" }],
  [
    "a named function",
    { tools, toolChoice: { mode: "named", name: "f" } },
    { ...plain, tools: sentTools, tool_choice: { type: "function", function: { name: "f" } } },
  ],
  [
    "a named custom tool",
    { tools, toolChoice: { mode: "named", name: "g" } },
    { ...plain, tools: sentTools, tool_choice: { type: "custom", custom: { name: "g" } } },
  ],
  [
    "allowed tools to OpenAI",
    { tools, toolChoice: { mode: "allowed", required: true, names: ["g"] } },
    {
      ...plain,
      tools: sentTools,
      tool_choice: {
        type: "allowed_tools",
        allowed_tools: { mode: "required", tools: [{ type: "custom", custom: { name: "g" } }] },
      },
    },
    openai,
  ],
  [
    "only the allowed tools to others",
    { tools, toolChoice: { mode: "allowed", required: true, names: ["g"] } },
    { ...plain, tools: [sentTools[1]], tool_choice: "required" },
  ],
  ["nothing of tools without any", { toolChoice: { mode: "none" }, parallelToolCalls: false }, plain],
  ["JSON", { output: { kind: "json" } }, { ...plain, response_format: { type: "json_object" } }],
  [
    "a schema",
    { output: { kind: "json-schema", name: "n", schema, strict: true } },
    { ...plain, response_format: { type: "json_schema", json_schema: { name: "n", schema, strict: true } } },
  ],
  [
    "a schema as JSON to a server that has no more",
    { output: { kind: "json-schema", name: "n", schema, strict: true } },
    { ...plain, response_format: { type: "json_object" } },
    { provider: "deepseek" },
  ],
  ["no format to a server that ignores it", { output: { kind: "json" } }, plain, { provider: "anthropic" }],
  ["reasoning effort", { reasoning: { effort: "low" } }, { ...plain, reasoning_effort: "low" }],
  ["logprobs", { logprobs: { top: 0 } }, { ...plain, logprobs: true }],
  ["logprobs with alternatives", { logprobs: { top: 3 } }, { ...plain, logprobs: true, top_logprobs: 3 }],
  [
    "developer as system",
    say({ role: "developer", content: [{ type: "text", text: "x" }] }),
    { ...plain, messages: [{ role: "system", content: "x" }] },
  ],
  [
    "developer to OpenAI",
    say({ role: "developer", content: [{ type: "text", text: "x" }] }),
    { ...plain, messages: [{ role: "developer", content: "x" }] },
    openai,
  ],
  [
    "parts of text as one",
    say({
      name: "ann",
      content: [
        { type: "text", text: "a" },
        { type: "text", text: "b" },
      ],
    }),
    { ...plain, messages: [{ role: "user", name: "ann", content: "ab" }] },
  ],
  [
    "images, sound and files",
    say({
      content: [
        { type: "text", text: "a" },
        { type: "image", url: "data:x", detail: "low" },
        { type: "audio", base64: "AA", format: "wav" },
        { type: "file", filename: "f", base64: "data:y", fileId: "i" },
      ],
    }),
    {
      ...plain,
      messages: [
        {
          role: "user",
          content: [
            { type: "text", text: "a" },
            { type: "image_url", image_url: { url: "data:x", detail: "low" } },
            { type: "input_audio", input_audio: { data: "AA", format: "wav" } },
            { type: "file", file: { filename: "f", file_data: "data:y", file_id: "i" } },
          ],
        },
      ],
    },
  ],
  [
    "calls and refusals of earlier answers",
    say({
      role: "assistant",
      content: [{ type: "refusal", text: "No." }],
      toolCalls: [
        { id: "a", kind: "function", name: "f", arguments: "{}" },
        { id: "b", kind: "custom", name: "g", arguments: "x" },
      ],
    }),
    {
      ...plain,
      messages: [
        {
          role: "assistant",
          content: null,
          refusal: "No.",
          tool_calls: [
            { id: "a", type: "function", function: { name: "f", arguments: "{}" } },
            { id: "b", type: "custom", custom: { name: "g", input: "x" } },
          ],
        },
      ],
    },
  ],
  [
    "results of calls",
    say({ role: "tool", toolCallId: "a", content: [{ type: "text", text: "1" }] }),
    { ...plain, messages: [{ role: "tool", tool_call_id: "a", content: "1" }] },
  ],
];

describe("a request to an upstream has", () => {
  for (const [what, request, expected, config = {}] of rows) {
    test(what, async () => {
      await using bed = await startBed(() => ({ text: "Hi" }), { config });

      await bed.ask(request);

      const [call] = bed.upstream.calls;
      expect(call?.path).toBe("/v1/chat/completions");
      expect(call?.body).toEqual(expected);
    });
  }

  test("ids of calls as Mistral's models want them, the same for a call and its result", async () => {
    await using bed = await startBed(() => ({ text: "Hi" }));
    const toolCalls = ["call_0123456789", "abcDEF123"].map((id) => ({
      id,
      kind: "function" as const,
      name: "f",
      arguments: "{}",
    }));
    const messages = [
      { role: "assistant" as const, content: [], toolCalls },
      ...toolCalls.map(({ id }) => ({ role: "tool" as const, toolCallId: id, content: [] })),
    ];

    for (const model of ["mistral-large-latest", "gpt-4o"]) {
      await bed.ask({ model, prompt: { kind: "messages", messages } });
    }

    const ids = bed.upstream.calls.map(({ body }) => JSON.stringify(body).match(/(?<=id":")\w+/g));
    expect(ids).toEqual([
      [expect.stringMatching(/^[a-zA-Z0-9]{9}$/), "abcDEF123", ids[0]?.[0], "abcDEF123"],
      ["call_0123456789", "abcDEF123", "call_0123456789", "abcDEF123"],
    ]);
  });

  test("a bare prompt at /completions", async () => {
    await using bed = await startBed(() => ({ text: "Hi" }));

    await bed.ask({
      prompt: { kind: "text", text: "Once" },
      suffix: "end",
      logprobs: { top: 2 },
      sampling: { maxTokens: 3 },
    });
    await bed.ask({ prompt: { kind: "tokens", tokens: [1, 2] } });

    expect(bed.upstream.calls.map(({ path }) => path)).toEqual(["/v1/completions", "/v1/completions"]);
    expect(bed.upstream.calls.map(({ body }) => body)).toEqual([
      { model: "m", prompt: "Once", suffix: "end", logprobs: 2, max_tokens: 3, ...streaming },
      { model: "m", prompt: [1, 2], ...streaming },
    ]);
  });

  test("a bare prompt as a message where there are no completions", async () => {
    await using bed = await startBed(() => ({ text: "Hi" }), { config: { provider: "gemini" } });

    await bed.ask({ prompt: { kind: "text", text: "Hi" } });

    expect(bed.upstream.calls[0]).toMatchObject({ path: "/v1/chat/completions", body: plain });
  });

  test("a bare prompt at /completions for OpenAI's own models of that kind only", async () => {
    await using bed = await startBed(() => ({ text: "Hi" }), { config: openai });

    for (const model of ["gpt-3.5-turbo-instruct", "gpt-4o-mini"]) {
      await bed.ask({ model, prompt: { kind: "text", text: "Hi" } });
    }

    expect(bed.upstream.calls.map(({ path }) => path)).toEqual(["/v1/completions", "/v1/chat/completions"]);
    expect(await bed.backend.capabilities("gpt-4o-mini")).toMatchObject({
      suffix: false,
      tokenPrompts: false,
    });
  });
});
