import { afterAll, beforeAll, expect, test } from "bun:test";
import { expectError } from "../support/expectations.ts";
import type { ChatBody } from "../support/openai-wire.ts";
import { user } from "../support/openai-wire.ts";
import { describeBlackBox } from "../support/prerequisites.ts";
import { post, type Answer } from "../support/wire.ts";
import { startBed, startBedWith, type Bed } from "./bed.ts";
import { jargonMessages } from "./token-fixtures.ts";

describeBlackBox("C. Chat, not streaming", () => {
  let bed: Bed;
  beforeAll(async () => {
    bed = await startBed();
  });
  afterAll(() => bed.stop());

  const chat = (body: Record<string, unknown>): Promise<Answer<ChatBody>> =>
    post<ChatBody>(`${bed.url}/chat/completions`, { model: "echo", ...user("hi"), ...body });

  test("29: the whole body has OpenAI's shape", async () => {
    const { status, json } = await chat(user("hi there"));

    expect(status).toBe(200);
    expect(json).toMatchObject({
      id: expect.stringMatching(/^chatcmpl-[A-Za-z0-9]{20,}$/),
      object: "chat.completion",
      model: "echo",
      service_tier: "default",
      system_fingerprint: null,
    });
    expect(Number.isInteger(json.created)).toBe(true);
    expect(Math.abs(json.created - Date.now() / 1000)).toBeLessThan(5);
    expect(json.choices).toEqual([
      {
        index: 0,
        message: { role: "assistant", content: "hi there", refusal: null, annotations: [] },
        logprobs: null,
        finish_reason: "stop",
      },
    ]);
    expect(json.usage.total_tokens).toBe(json.usage.prompt_tokens + json.usage.completion_tokens);
    expect(json.usage.completion_tokens).toBeGreaterThan(0);
    expect(json.usage.prompt_tokens_details).toEqual({ cached_tokens: 0, audio_tokens: 0 });
    expect(json.usage.completion_tokens_details).toEqual({
      reasoning_tokens: 0,
      audio_tokens: 0,
      accepted_prediction_tokens: 0,
      rejected_prediction_tokens: 0,
    });
  });

  test("29: the prompt reaches the backend in the plain form, typed, and with nothing that was not given", async () => {
    await bed.anyserve.reset();

    await chat({
      messages: [
        { role: "system", content: "Be brief." },
        { role: "user", content: "a" },
        { role: "assistant", content: "b" },
        { role: "user", content: "c" },
      ],
    });

    const calls = await bed.anyserve.generations("echo");
    expect(calls).toHaveLength(1);
    expect(calls[0]?.inputs).toEqual({
      prompt: {
        datatype: "BYTES",
        shape: [1],
        contents: ["System: Be brief.\n\nUser: a\n\nAssistant: b\n\nUser: c\n\nAssistant:"],
      },
    });
    expect(calls[0]?.rawInputs).toBe(0);
  });

  test("31: a prompt of one short message counts 8 tokens", async () => {
    expect((await chat({})).json.usage.prompt_tokens).toBe(8);
  });

  for (const [model, tokens] of [
    ["echo", 129],
    ["echo-4o", 124],
  ] as const) {
    test(`32: the six messages count ${tokens} tokens on ${model}`, async () => {
      const { json } = await chat({ model, messages: jargonMessages, max_tokens: 1 });

      expect(json.usage.prompt_tokens).toBe(tokens);
    });
  }

  test("33: text that looks like a special token is text", async () => {
    const { status, json } = await chat(user("<|endoftext|> <|im_start|>"));

    expect(status).toBe(200);
    expect(json.choices[0]?.message.content).toBe("<|endoftext|> <|im_start|>");
  });

  for (const [name, limits] of [
    ["max_tokens", { max_tokens: 5 }],
    ["max_completion_tokens", { max_completion_tokens: 5 }],
    ["the newer of both", { max_tokens: 9, max_completion_tokens: 5 }],
  ] as const) {
    test(`34: ${name} ends an endless answer with length`, async () => {
      await bed.anyserve.reset();

      const { json } = await chat({ model: "endless", ...limits });

      expect(json.choices[0]?.finish_reason).toBe("length");
      expect(json.usage.completion_tokens).toBe(5);
      const call = (await bed.anyserve.generations("endless"))[0];
      expect(call?.inputs["max_tokens"]).toEqual({ datatype: "INT32", shape: [1], contents: [5] });
    });
  }

  test("34: a backend that stops at the limit without saying so is length, too", async () => {
    const { json } = await chat({ ...user("a b c d e f"), max_tokens: 3 });

    expect(json.choices[0]).toMatchObject({ message: { content: "a b c " }, finish_reason: "length" });
    expect(json.usage.completion_tokens).toBe(3);
  });

  test("35: max_tokens 1 is served", async () => {
    expect((await chat({ max_tokens: 1 })).status).toBe(200);
  });

  test("36: a request without a limit brings none to the backend", async () => {
    await bed.anyserve.reset();

    await chat({});

    expect((await bed.anyserve.generations("echo"))[0]?.inputNames).toEqual(["prompt"]);
  });

  test("37: a stop text ends the answer and is not part of it", async () => {
    const { json } = await chat({ ...user("hi there you"), stop: "there" });

    expect(json.choices[0]?.message.content?.trimEnd()).toBe("hi");
    expect(json.choices[0]?.finish_reason).toBe("stop");
  });

  test("37: a stop text is found across tokens, and its call is cancelled", async () => {
    const { json } = await chat({ model: "endless", stop: ["3 w4"] });

    expect(json.choices[0]).toMatchObject({ message: { content: "w0 w1 w2 w" }, finish_reason: "stop" });
  });

  for (const stop of [[], "", null, ["w", "x", "y", "z"], ["no such text"]]) {
    test(`38: stop ${JSON.stringify(stop)} is accepted`, async () => {
      const { status, json } = await chat({ ...user("hi"), stop });

      expect(status).toBe(200);
      expect(json.choices[0]?.message.content).toBe("hi");
    });
  }

  test("39: n 2 gives two choices and counts the prompt once", async () => {
    const one = await chat(user("a b"));
    const { json } = await chat({ ...user("a b"), n: 2 });

    expect(json.choices.map(({ index }) => index)).toEqual([0, 1]);
    expect(json.choices.map(({ message }) => message.content)).toEqual(["a b", "a b"]);
    expect(json.usage.prompt_tokens).toBe(one.json.usage.prompt_tokens);
    expect(json.usage.completion_tokens).toBe(2 * one.json.usage.completion_tokens);
  });

  test("40: null means not given, in every optional field", async () => {
    const { status, json } = await chat(Object.fromEntries(optionalFields.map((name) => [name, null])));

    expect(status).toBe(200);
    expect(json.choices[0]?.message.content).toBe("hi");
  });

  test("41: unknown fields are accepted, and those that the backend knows reach it", async () => {
    await bed.anyserve.reset();

    const { status } = await chat({ foo: 1, top_k: 5, temperature: 0.5, top_p: 0.25 });

    expect(status).toBe(200);
    const call = (await bed.anyserve.generations("echo"))[0];
    expect(call?.inputs["top_k"]).toEqual({ datatype: "INT32", shape: [1], contents: [5] });
    expect(call?.inputs["temperature"]).toEqual({ datatype: "FP32", shape: [1], contents: [0.5] });
    expect(call?.inputs["top_p"]).toEqual({ datatype: "FP32", shape: [1], contents: [0.25] });
  });

  test("41: what the backend cannot take is served and named in a header", async () => {
    const answer = await chat({ presence_penalty: 1, seed: 7 });

    expect(answer.status).toBe(200);
    expect(answer.headers.get("x-oai-serve-ignored-params")).toContain("presence_penalty");
    expect(answer.headers.get("x-oai-serve-ignored-params")).toContain("seed");
  });

  test("42: text parts are the concatenation of their texts", async () => {
    const parts = [
      { type: "text", text: "a" },
      { type: "text", text: "b", cache_control: { type: "ephemeral" } },
    ];

    const { json } = await chat({ messages: [{ role: "user", content: parts }] });

    expect(json.choices[0]?.message.content).toBe("ab");
  });

  for (const [name, roles] of [
    ["developer", ["developer", "user"]],
    ["two system messages", ["system", "system", "user"]],
    ["an assistant last", ["user", "assistant"]],
    ["two users in a row", ["user", "user"]],
    ["no user at all", ["system"]],
  ] as const) {
    test(`43: ${name} is served`, async () => {
      const { status } = await chat({ messages: roles.map((role) => ({ role, content: `a ${role}` })) });

      expect(status).toBe(200);
    });
  }

  test("43: a developer's message reaches the backend as the system's", async () => {
    await bed.anyserve.reset();

    await chat({ messages: [{ role: "developer", content: "Be brief." }, ...user("hi").messages] });

    const call = (await bed.anyserve.generations("echo"))[0];
    expect(call?.inputs["prompt"]?.contents).toEqual(["System: Be brief.\n\nUser: hi\n\nAssistant:"]);
  });

  const calls = [{ id: "call_1", type: "function", function: { name: "f", arguments: "{}" } }];
  for (const [assistant, result] of [
    [{ content: null, tool_calls: calls }, "sunny"],
    [{ tool_calls: calls }, "sunny"],
    [{ content: "", tool_calls: calls }, [{ type: "text", text: "sunny" }]],
    [{ content: "I look.", tool_calls: calls }, "sunny"],
  ] as const) {
    test(`44: a history with ${JSON.stringify(assistant).slice(0, 40)} and a tool's result is served`, async () => {
      await bed.anyserve.reset();

      const { status } = await chat({
        messages: [
          { role: "user", content: "weather?" },
          { role: "assistant", ...assistant },
          { role: "tool", tool_call_id: "call_1", content: result },
        ],
      });

      expect(status).toBe(200);
      const prompt = (await bed.anyserve.generations("echo"))[0]?.inputs["prompt"]?.contents[0];
      expect(prompt).toContain("sunny");
    });
  }

  for (const body of [{ tools: [] }, { tool_choice: "auto" }, { tool_choice: "none" }, { functions: null }]) {
    test(`50: ${JSON.stringify(body)} is a plain answer`, async () => {
      const { status, json } = await chat(body);

      expect(status).toBe(200);
      expect(json.choices[0]?.message).not.toHaveProperty("tool_calls");
    });
  }

  const tools = [{ type: "function", function: { name: "f" } }];
  test("50: tools that must not be called are served by a backend without tools", async () => {
    expect((await chat({ tools, tool_choice: "none" })).status).toBe(200);
  });

  const schema = { type: "object", properties: {} };
  for (const [body, code, param] of [
    [{ logprobs: true, top_logprobs: 2 }, "unsupported_parameter", "logprobs"],
    [{ modalities: ["text", "audio"] }, /^unsupported_(value|parameter)$/, "modalities"],
  ] as const) {
    test(`51, 52: ${JSON.stringify(body).slice(0, 60)} is refused by name`, async () => {
      await bed.anyserve.reset();

      const error = expectError(await chat(body), { status: 400 });

      expect(error.code).toMatch(code);
      expect(error.param).toStartWith(param);
      expect(await bed.anyserve.generations()).toEqual([]);
    });
  }

  for (const format of [
    { type: "text" },
    { type: "json_object" },
    { type: "json_schema", json_schema: { name: "s", schema } },
  ]) {
    test(`51: the response format ${format.type} is served`, async () => {
      const messages = [{ role: "user", content: '{"a": 1}' }];

      const { status, json } = await chat({ messages, response_format: format });

      expect(status).toBe(200);
      expect(JSON.parse(json.choices[0]?.message.content ?? "")).toEqual({ a: 1 });
    });
  }

  test("51: an answer that does not fit the format is an error, after every try", async () => {
    await bed.anyserve.reset();

    const answer = await chat({ response_format: { type: "json_object" } });

    expectError(answer, { status: 502, code: "response_format_not_met" });
    expect(await bed.anyserve.generations()).toHaveLength(3);
  });

  test("54: a request without a model is 400 when several are served and none is the default", async () => {
    const answer = await post(`${bed.url}/chat/completions`, user("hi"));

    expectError(answer, { status: 400, code: "missing_required_parameter", param: "model" });
  });

  test("54: a request without a model is served by the default one", async () => {
    const other = await startBedWith({ echo: {}, utf8: {} }, { args: ["--default-model", "echo"] });

    const { status, json } = await post<ChatBody>(`${other.url}/chat/completions`, user("hi"));
    await other.stop();

    expect(status).toBe(200);
    expect(json.model).toBe("echo");
  });

  for (const part of [
    { type: "image_url", image_url: { url: "data:image/png;base64,AAAA" } },
    { type: "input_audio", input_audio: { data: "AAAA", format: "wav" } },
  ]) {
    test(`55: a part of type ${part.type} is refused by its path`, async () => {
      const answer = await chat({ messages: [{ role: "user", content: [part] }] });

      const error = expectError(answer, { status: 400, code: "unsupported_value" });
      expect(error.param).toStartWith("messages[0].content[0]");
    });
  }
});

const optionalFields = [
  "temperature",
  "top_p",
  "n",
  "max_tokens",
  "max_completion_tokens",
  "stop",
  "frequency_penalty",
  "presence_penalty",
  "logit_bias",
  "logprobs",
  "top_logprobs",
  "seed",
  "stream",
  "stream_options",
  "response_format",
  "tools",
  "tool_choice",
  "parallel_tool_calls",
  "functions",
  "function_call",
  "user",
  "metadata",
  "store",
  "service_tier",
  "reasoning_effort",
  "verbosity",
  "modalities",
  "audio",
  "prediction",
  "web_search_options",
  "prompt_cache_key",
  "safety_identifier",
  "conversation_id",
  "top_k",
];
