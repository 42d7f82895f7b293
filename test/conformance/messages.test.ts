import { afterAll, beforeAll, beforeEach, expect, test } from "bun:test";
import { isRecord } from "../../src/core/json.ts";
import { startUpstreamBed, type UpstreamBed } from "../e2e/upstreams/bed.ts";
import { hello, postMessage, textOf } from "../support/message-wire.ts";
import { describeBlackBox } from "../support/prerequisites.ts";
import type { UpstreamAnswer, UpstreamBody } from "../support/upstream/upstream.ts";
import { post } from "../support/wire.ts";
import { image, look, pdf, schema, search, text, user } from "./message-fixtures.ts";

const called = { id: "toolu_1", type: "function", function: { name: "look", arguments: '{"city":"Łódź"}' } };

describeBlackBox("Messages, in front of a server that takes everything", () => {
  let bed: UpstreamBed;
  let answer: UpstreamAnswer;
  let refuses: string | undefined;
  beforeAll(async () => {
    bed = await startUpstreamBed((body) =>
      refuses !== undefined && refuses in body
        ? { whole: { error: { message: `Unrecognized: ${refuses}.`, param: refuses } }, status: 400 }
        : answer,
    );
  });
  afterAll(() => bed.stop());
  beforeEach(() => {
    answer = { text: "Hello" };
    refuses = undefined;
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

  test("M-18: a server that refuses an effort is asked again without it, and from then on at once", async () => {
    refuses = "reasoning_effort";
    const before = bed.upstream.calls.length;
    const body = { output_config: { effort: "max" } };

    const first = await ask(body);
    const second = await ask(body);
    const insisting = await post(`${bed.url}/chat/completions`, {
      messages: hello.messages,
      reasoning_effort: "max",
    });

    expect([first.status, second.status, insisting.status]).toEqual([200, 200, 400]);
    expect(
      bed.upstream.calls.slice(before).map(({ body: asked }) => asked["reasoning_effort"] ?? null),
    ).toEqual(["max", null, null, "max"]);
  });

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
