import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { isRecord } from "../../src/core/json.ts";
import { startUpstreamBed, type UpstreamBed } from "../e2e/upstreams/bed.ts";
import { startGateway, type Gateway } from "../support/harness.ts";
import { hello, postMessage, textOf } from "../support/message-wire.ts";
import { describeBlackBox } from "../support/prerequisites.ts";
import type { UpstreamAnswer, UpstreamBody } from "../support/upstream/upstream.ts";
import { post } from "../support/wire.ts";
import { startBedWith, type Bed } from "./bed.ts";

const image = { type: "image", source: { type: "base64", media_type: "image/png", data: "iVBORw0KGgo=" } };
const pdf = { type: "base64", media_type: "application/pdf", data: "JVBERi0=" };
const schema = {
  type: "object",
  properties: { city: { type: "string" } },
  required: ["city"],
  additionalProperties: false,
};
const look = { name: "look", description: "Looks.", input_schema: schema };
const search = { type: "web_search_20250305", name: "web_search" };
const text = (value: string) => ({ type: "text", text: value });
const user = (...content: unknown[]) => ({ messages: [{ role: "user", content }] });
const called = { id: "toolu_1", type: "function", function: { name: "look", arguments: '{"city":"Łódź"}' } };

describeBlackBox("Messages, in front of a server that takes everything", () => {
  let bed: UpstreamBed;
  let answer: UpstreamAnswer;
  beforeAll(async () => {
    bed = await startUpstreamBed(() => answer);
  });
  afterAll(() => bed.stop());
  beforeEach(() => {
    answer = { text: "Hello" };
  });

  /** The answer, and what the server behind was asked. */
  async function ask(body: Readonly<Record<string, unknown>>) {
    const before = bed.upstream.calls.length;
    const { status, json, headers } = await postMessage(bed.gateway.url, body);
    const asked: UpstreamBody = bed.upstream.calls[before]?.body ?? {};
    return { status, message: json, asked, ignored: headers.get("x-oai-serve-ignored-params") };
  }

  test("M-01: an answer has every key of a message", async () => {
    const { message } = await ask({ model: "gpt-4o-mini" });

    expect(message).toEqual({
      id: expect.stringMatching(/^msg_[A-Za-z0-9]{24}$/),
      type: "message",
      role: "assistant",
      model: "gpt-4o-mini",
      content: [{ type: "text", text: "Hello", citations: null }],
      container: null,
      diagnostics: null,
      stop_reason: "end_turn",
      stop_sequence: null,
      stop_details: null,
      usage: {
        input_tokens: 9,
        output_tokens: 3,
        cache_creation_input_tokens: 0,
        cache_read_input_tokens: 0,
        cache_creation: { ephemeral_5m_input_tokens: 0, ephemeral_1h_input_tokens: 0 },
        output_tokens_details: { thinking_tokens: 0 },
        server_tool_use: null,
        inference_geo: null,
        service_tier: "standard",
        speed: null,
      },
    });
  });

  test("M-01: tokens of a cache are told apart, so that all of them add up", async () => {
    answer = {
      text: "Hello",
      usage: { prompt_tokens: 100, completion_tokens: 3, prompt_tokens_details: { cached_tokens: 80 } },
    };

    const { message } = await ask({});

    expect(message.usage).toMatchObject({ input_tokens: 20, cache_read_input_tokens: 80 });
  });

  for (const [what, system] of [
    ["a text", "Be brief.\n\nBe kind."],
    ["blocks", [text("Be brief."), { ...text("Be kind."), cache_control: { type: "ephemeral" } }]],
  ] as const) {
    test(`M-02: instructions as ${what} come before the messages`, async () => {
      const { asked } = await ask({ system });

      expect(asked["messages"]).toEqual([
        { role: "system", content: "Be brief.\n\nBe kind." },
        { role: "user", content: "Hi" },
      ]);
    });
  }

  test("M-03: content as a text and as blocks is the same, and all of it arrives", async () => {
    const one = await ask(user(text("Hi")));
    const two = await ask(user(text("one "), text("two")));

    expect(one.asked["messages"]).toEqual(hello.messages);
    expect(two.asked["messages"]).toEqual([{ role: "user", content: "one two" }]);
  });

  test("M-04: images arrive, by base64 and by URL", async () => {
    const url = "https://images.example/cat.png";
    const { asked } = await ask(user(text("What?"), image, { type: "image", source: { type: "url", url } }));

    expect(asked["messages"]).toEqual([
      {
        role: "user",
        content: [
          text("What?"),
          { type: "image_url", image_url: { url: "data:image/png;base64,iVBORw0KGgo=" } },
          { type: "image_url", image_url: { url } },
        ],
      },
    ]);
  });

  test("M-05: text documents arrive as texts, others as files", async () => {
    const { asked } = await ask(
      user(
        {
          type: "document",
          title: "Notes",
          context: "Old.",
          source: { type: "text", media_type: "text/plain", data: "a" },
        },
        { type: "document", title: "a.pdf", source: pdf },
        { type: "document", source: { type: "file", file_id: "file_1" } },
      ),
    );

    expect(asked["messages"]).toEqual([
      {
        role: "user",
        content: [
          text("Notes\nOld.\na"),
          { type: "file", file: { filename: "a.pdf", file_data: "data:application/pdf;base64,JVBERi0=" } },
          { type: "file", file: { file_id: "file_1" } },
        ],
      },
    ]);
  });

  test("M-06: a search result arrives as a text", async () => {
    const result = { type: "search_result", title: "T", source: "https://x.example", content: [text("a")] };
    const { asked } = await ask(user(result, text("?")));

    expect(asked["messages"]).toEqual([{ role: "user", content: "T\nhttps://x.example\na?" }]);
  });

  for (const [what, result, expected] of [
    ["a text", { content: "sunny" }, [{ content: "sunny" }]],
    ["blocks", { content: [text("sunny"), text("warm")] }, [{ content: "sunny\nwarm" }]],
    ["an error", { content: "no such city", is_error: true }, [{ content: "Error: no such city" }]],
    ["nothing", {}, [{ content: "" }]],
  ] as const) {
    test(`M-07: a call and its outcome, ${what}, arrive as such`, async () => {
      const { asked } = await ask({
        tools: [look],
        messages: [
          ...hello.messages,
          {
            role: "assistant",
            content: [
              text("I look."),
              { type: "tool_use", id: "toolu_1", name: "look", input: { city: "Łódź" } },
            ],
          },
          {
            role: "user",
            content: [{ type: "tool_result", tool_use_id: "toolu_1", ...result }, text("So?")],
          },
        ],
      });

      expect(asked["messages"]).toEqual([
        { role: "user", content: "Hi" },
        { role: "assistant", content: "I look.", tool_calls: [called] },
        ...expected.map((each) => ({ role: "tool", tool_call_id: "toolu_1", ...each })),
        { role: "user", content: "So?" },
      ]);
    });
  }

  test("M-07: an image that a call gave follows it", async () => {
    const { asked } = await ask(user({ type: "tool_result", tool_use_id: "toolu_1", content: [image] }));

    expect(asked["messages"]).toEqual([
      { role: "tool", tool_call_id: "toolu_1", content: "The outcome follows." },
      {
        role: "user",
        content: [{ type: "image_url", image_url: { url: "data:image/png;base64,iVBORw0KGgo=" } }],
      },
    ]);
  });

  test("M-08, M-09: earlier thoughts and unknown blocks are not shown to the model", async () => {
    const { asked } = await ask({
      messages: [
        ...hello.messages,
        {
          role: "assistant",
          content: [
            { type: "thinking", thinking: "secret", signature: "c2ln" },
            { type: "redacted_thinking", data: "secret" },
            { type: "server_tool_use", id: "s", name: "web_search", input: { query: "secret" } },
            { type: "web_search_tool_result", tool_use_id: "s", content: [] },
            text("Hello"),
          ],
        },
        { role: "user", content: [{ type: "container_upload", file_id: "secret" }, text("And?")] },
      ],
    });

    expect(asked["messages"]).toEqual([
      { role: "user", content: "Hi" },
      { role: "assistant", content: "Hello" },
      { role: "user", content: "And?" },
    ]);
  });

  test("M-10: messages of one side are one, instructions may stand in between, the last may be the model's", async () => {
    const { asked } = await ask({
      messages: [
        { role: "user", content: "a" },
        { role: "user", content: "b" },
        { role: "system", content: "Be brief." },
        { role: "assistant", content: "The best answer is (" },
      ],
    });

    expect(asked["messages"]).toEqual([
      { role: "user", content: "a\n\nb" },
      { role: "system", content: "Be brief." },
      { role: "assistant", content: "The best answer is (" },
    ]);
  });

  test("M-11: what keeps books and what caches is for nobody, and not named", async () => {
    const { asked, ignored } = await ask({
      metadata: { user_id: "u-1" },
      service_tier: "auto",
      cache_control: { type: "ephemeral" },
    });

    expect(Object.keys(asked).toSorted()).toEqual([
      "max_tokens",
      "messages",
      "model",
      "stream",
      "stream_options",
    ]);
    expect(ignored).toBeNull();
  });

  test("M-12: a tool arrives, and its call comes back with its arguments", async () => {
    answer = { text: "I look.", toolCalls: [{ id: "call_1", name: "look", arguments: { city: "Łódź" } }] };

    const { message, asked } = await ask({ tools: [{ ...look, cache_control: { type: "ephemeral" } }] });

    expect(asked["tools"]).toEqual([
      { type: "function", function: { name: "look", description: "Looks.", parameters: schema } },
    ]);
    expect(message).toMatchObject({
      stop_reason: "tool_use",
      content: [
        text("I look."),
        { type: "tool_use", id: "call_1", name: "look", input: { city: "Łódź" }, caller: { type: "direct" } },
      ],
    });
  });

  test("M-13: Anthropic's own tools are left out and named", async () => {
    const { asked, ignored } = await ask({ tools: [search, look, { type: "bash_20250124", name: "bash" }] });

    expect(asked["tools"]).toHaveLength(1);
    expect(ignored).toBe("tools.web_search_20250305, tools.bash_20250124");
  });

  for (const [choice, expected] of [
    [{ type: "auto" }, {}],
    [{ type: "any" }, { tool_choice: "required" }],
    [{ type: "none" }, { tool_choice: "none" }],
    [{ type: "tool", name: "look" }, { tool_choice: { type: "function", function: { name: "look" } } }],
    [{ type: "auto", disable_parallel_tool_use: true }, { parallel_tool_calls: false }],
  ] as const) {
    test(`M-14: the choice ${JSON.stringify(choice)} arrives`, async () => {
      answer = { toolCalls: [{ name: "look", arguments: { city: "a" } }] };

      const { asked } = await ask({ tools: [look], tool_choice: choice });

      const { tool_choice, parallel_tool_calls } = asked;
      expect(JSON.parse(JSON.stringify({ tool_choice, parallel_tool_calls }))).toEqual(expected);
    });
  }

  test("M-15: a stop sequence ends the answer here, since the server would not say which it was", async () => {
    answer = { text: ["one ", "EN", "D two"] };

    const { message, asked } = await ask({ stop_sequences: ["###", "END"] });

    expect(message).toMatchObject({
      content: [text("one ")],
      stop_reason: "stop_sequence",
      stop_sequence: "END",
    });
    expect(asked).not.toHaveProperty("stop");
  });

  test("M-16: an answer that was cut off says so", async () => {
    answer = { text: "Hello", finish: "length" };

    const { message, asked } = await ask({ max_tokens: 7 });

    expect(asked["max_tokens"]).toBe(7);
    expect(message.stop_reason).toBe("max_tokens");
  });

  test("M-17: sampling arrives", async () => {
    const { asked } = await ask({ temperature: 0.2, top_p: 0.9, top_k: 7 });

    expect(asked).toMatchObject({ temperature: 0.2, top_p: 0.9, top_k: 7 });
  });

  for (const [fields, effort] of [
    [{ thinking: { type: "enabled", budget_tokens: 1_024 } }, "low"],
    [{ thinking: { type: "enabled", budget_tokens: 32_000 } }, "high"],
    [{ thinking: { type: "disabled" } }, "none"],
    [{ thinking: { type: "adaptive" } }, undefined],
    [{ thinking: { type: "adaptive" }, output_config: { effort: "xhigh" } }, "xhigh"],
  ] as const) {
    test(`M-18: ${JSON.stringify(fields)} asks for the effort ${effort}`, async () => {
      const { asked } = await ask(fields);

      expect(asked["reasoning_effort"]).toBe(effort);
    });
  }

  for (const [thinking, first] of [
    [{ type: "adaptive" }, { type: "thinking", thinking: "Hm.", signature: expect.stringMatching(/./) }],
    [
      { type: "adaptive", display: "omitted" },
      { type: "thinking", thinking: "", signature: expect.stringMatching(/./) },
    ],
    [{ type: "disabled" }, text("So.")],
    [undefined, { type: "thinking", thinking: "Hm.", signature: expect.stringMatching(/./) }],
  ] as const) {
    test(`M-18: thoughts with ${JSON.stringify(thinking)}`, async () => {
      answer = { reasoning: "Hm.", text: "So." };

      const { message } = await ask({ ...(thinking !== undefined && { thinking }) });

      const [block] = message.content;
      expect(block).toMatchObject(first);
      expect(textOf(message)).toBe("So.");
    });
  }

  test("M-19: a format arrives as a schema", async () => {
    answer = { text: '{"city":"Łódź"}' };

    const { asked, message } = await ask({ output_config: { format: { type: "json_schema", schema } } });

    const format = asked["response_format"];
    expect(isRecord(format) && format).toMatchObject({ type: "json_schema", json_schema: { schema } });
    expect(JSON.parse(textOf(message))).toEqual({ city: "Łódź" });
  });

  test("M-20: fields of Anthropic's service are named, others are sent on", async () => {
    const { asked, ignored } = await ask({
      context_management: { edits: [] },
      mcp_servers: [],
      min_p: 0.1,
    });

    expect(ignored).toBe("context_management, mcp_servers");
    expect(asked).toHaveProperty("min_p", 0.1);
    expect(asked).not.toHaveProperty("mcp_servers");
  });

  test("an answer that the model refuses or a filter ends is a refusal", async () => {
    answer = { refusal: "I will not." };
    const refused = await ask({});
    answer = { text: "I", finish: "content_filter" };
    const filtered = await ask({});

    expect(refused.message).toMatchObject({ stop_reason: "refusal", content: [text("I will not.")] });
    expect(filtered.message).toMatchObject({ stop_reason: "refusal", stop_details: { type: "refusal" } });
  });
});

describeBlackBox("Messages, in front of AnyServe", () => {
  let bed: Bed;
  beforeAll(async () => {
    bed = await startBedWith(
      { echo: {}, small: { behaviour: "echo" } },
      {
        config: {
          models: { echo: { backend: "echo" }, small: { backend: "small", max_context_tokens: 20 } },
        },
      },
    );
  });
  afterAll(() => bed.stop());

  const ask = (body: Readonly<Record<string, unknown>>) =>
    postMessage(bed.gateway.url, { model: "echo", ...body });

  test("M-01: an answer is counted where the backend counts nothing", async () => {
    const { json } = await ask(user(text("one two three")));

    expect(json).toMatchObject({ content: [text("one two three")], stop_reason: "end_turn" });
    expect(json.usage.input_tokens).toBeGreaterThan(3);
    expect(json.usage.output_tokens).toBe(3);
  });

  test("M-15, M-16: stop sequences and the limit hold", async () => {
    const stopped = await ask({ ...user(text("one END two")), stop_sequences: ["END"] });
    const cut = await ask({ ...user(text("one two three")), max_tokens: 2 });

    expect(stopped.json).toMatchObject({ stop_reason: "stop_sequence", stop_sequence: "END" });
    expect(textOf(stopped.json)).toBe("one ");
    expect(cut.json).toMatchObject({ stop_reason: "max_tokens", usage: { output_tokens: 2 } });
    expect(textOf(cut.json)).toBe("one two ");
  });

  test("M-04, M-05: what the model cannot see is refused, by its place", async () => {
    for (const block of [image, { type: "document", source: pdf }]) {
      const { status, text: body } = await ask({
        system: "Be brief.",
        messages: [
          ...hello.messages,
          { role: "assistant", content: "a" },
          { role: "user", content: [block] },
        ],
      });

      expect(status).toBe(400);
      expect(body).toContain("messages[2]: This model does not take content of the type");
    }
  });

  test("M-17: what has no effect is named", async () => {
    const { headers } = await ask({ top_k: 5, thinking: { type: "enabled", budget_tokens: 1_024 } });

    expect(headers.get("x-oai-serve-ignored-params")).toContain("thinking");
  });

  test("M-40: counting takes what is too long for the model, which an answer does not", async () => {
    const body = { model: "small", messages: [{ role: "user", content: "word ".repeat(100) }] };
    const before = (await bed.anyserve.generations()).length;

    const counted = await post<{ input_tokens: number }>(`${bed.gateway.url}/v1/messages/count_tokens`, body);
    const refused = await postMessage(bed.gateway.url, body);

    expect(counted.json.input_tokens).toBeGreaterThan(100);
    expect(refused.status).toBe(400);
    expect(refused.text).toContain("maximum context length");
    expect((await bed.anyserve.generations()).length).toBe(before);
  });
});

describeBlackBox("Messages, with the demo model", () => {
  let gateway: Gateway;
  let strict: Gateway;
  beforeAll(async () => {
    [gateway, strict] = await Promise.all([
      startGateway({ args: ["--demo-delay", "0"] }),
      startGateway({ args: ["--demo-delay", "0", "--strict"] }),
    ]);
  });
  afterAll(() => Promise.all([gateway.stop(), strict.stop()]));

  test("M-12: a tool is called with arguments that fit, and its outcome is answered", async () => {
    const first = await postMessage(gateway.url, { tools: [look] });
    const [call] = first.json.content;
    if (call?.type !== "tool_use") throw new Error("No call.");

    const second = await postMessage(gateway.url, {
      tools: [look],
      messages: [
        ...hello.messages,
        { role: "assistant", content: first.json.content },
        { role: "user", content: [{ type: "tool_result", tool_use_id: call.id, content: "sunny" }] },
      ],
    });

    expect(first.json.stop_reason).toBe("tool_use");
    expect(call).toMatchObject({ name: "look", input: { city: expect.any(String) } });
    expect(textOf(second.json)).toContain("The tool `look` answered: sunny");
  });

  for (const tools of [[look], [{ ...look, strict: true }]]) {
    test(`M-14: a forced call comes, ${"strict" in (tools[0] ?? {}) ? "strict" : "plain"}`, async () => {
      const { json } = await postMessage(gateway.url, { tools, tool_choice: { type: "any" } });

      expect(json.content.map(({ type }) => type)).toEqual(["tool_use"]);
    });
  }

  test("M-19: an answer follows its schema", async () => {
    const { json } = await postMessage(gateway.url, {
      output_config: { format: { type: "json_schema", schema } },
    });

    expect(JSON.parse(textOf(json))).toEqual({ city: expect.any(String) });
  });

  describe("M-13, M-20: with --strict", () => {
    for (const [name, body] of [
      ["tools.web_search_20250305", { tools: [search] }],
      ["context_management", { context_management: {} }],
      ["min_p", { min_p: 0.1 }],
    ] as const) {
      test(`${name} is refused by name`, async () => {
        const { status, text: refusal } = await postMessage(strict.url, body);

        expect(status).toBe(400);
        expect(refusal).toContain(name);
      });
    }

    test("a request of nothing but what has an effect is answered", async () => {
      const { status } = await postMessage(strict.url, { metadata: { user_id: "u" }, tools: [look] });

      expect(status).toBe(200);
    });
  });

  test("M-40: a count is what the usage says", async () => {
    const body: Record<string, unknown> = { system: "Be brief.", tools: [look], ...user(text("Łódź?")) };
    const counted = await post<{ input_tokens: number }>(`${gateway.url}/v1/messages/count_tokens`, body);
    const { json } = await postMessage(gateway.url, body);

    expect(counted.json).toEqual({ input_tokens: json.usage.input_tokens });
  });
});
