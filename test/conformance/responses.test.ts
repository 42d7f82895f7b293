import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { Value } from "@sinclair/typebox/value";
import { ResponseSchema } from "../../src/api/responses/answer-schema.ts";
import { nodeGenerations } from "../support/clients/node.ts";
import { pythonGenerations, startPython, type PythonClient } from "../support/clients/python.ts";
import { expectError, expectNoBackendDetail } from "../support/expectations.ts";
import { type Gateway, startGateway } from "../support/harness.ts";
import { describeBlackBox } from "../support/prerequisites.ts";
import { rejection } from "../support/rejection.ts";
import type { OutputItem, ResponseBody } from "../support/response-events.ts";
import { type Answer, post, send } from "../support/wire.ts";
import { startBed, type Bed } from "./bed.ts";

const tool = {
  type: "function" as const,
  name: "get_weather",
  description: "Weather of a city.",
  parameters: {
    type: "object",
    properties: { city: { type: "string" } },
    required: ["city"],
    additionalProperties: false,
  },
};
const requiredKeys = [
  "id object created_at completed_at status background error incomplete_details instructions max_output_tokens",
  "max_tool_calls model output parallel_tool_calls previous_response_id prompt_cache_key reasoning safety_identifier",
  "service_tier store temperature text tool_choice tools top_logprobs top_p presence_penalty frequency_penalty",
  "truncation user metadata usage",
]
  .join(" ")
  .split(" ");

describeBlackBox("H. Responses, over a model server", () => {
  let bed: Bed;
  beforeAll(async () => {
    bed = await startBed();
  });
  afterAll(() => bed.stop());

  const create = (body: Record<string, unknown>): Promise<Answer<ResponseBody>> =>
    post<ResponseBody>(`${bed.url}/responses`, { model: "echo", input: "hi", ...body });

  test("105: a text has every key, one message and its usage", async () => {
    const { status, json } = await create({});

    expect(status).toBe(200);
    expect(Object.keys(json).toSorted()).toEqual(requiredKeys.toSorted());
    expect(Value.Check(ResponseSchema, json)).toBe(true);
    expect(json).toMatchObject({
      id: expect.stringMatching(/^resp_[0-9a-f]{48}$/),
      object: "response",
      status: "completed",
      output: [
        {
          type: "message",
          id: expect.stringMatching(/^msg_/),
          status: "completed",
          role: "assistant",
          content: [{ type: "output_text", text: "hi", annotations: [], logprobs: [] }],
        },
      ],
      usage: {
        input_tokens: 8,
        input_tokens_details: { cached_tokens: 0 },
        output_tokens: 1,
        output_tokens_details: { reasoning_tokens: 0 },
        total_tokens: 9,
      },
    });
  });

  test("105: the route is there without /v1 too", async () => {
    const { json } = await post<ResponseBody>(`${bed.gateway.url}/responses`, { model: "echo", input: "hi" });

    expect(json.object).toBe("response");
  });

  test("107: messages without a type, and instructions, as the model sees them", async () => {
    await bed.anyserve.reset();
    const { status, json } = await create({
      instructions: "Be brief.",
      input: [{ role: "user", content: [{ type: "input_text", text: "so it is" }] }],
    });

    expect(status).toBe(200);
    expect(textOf(json)).toBe("so it is");
    expect(json["instructions"]).toBe("Be brief.");
    expect((await bed.anyserve.generations("echo")).map(({ inputs }) => inputs["prompt"]?.contents)).toEqual([
      ["System: Be brief.\n\nUser: so it is\n\nAssistant:"],
    ]);
  });

  test("108: what was answered before comes back without ids, with empty ones, with reasoning of others", async () => {
    const answered = { type: "message", role: "assistant", content: [{ type: "output_text", text: "a" }] };
    const input = [
      { role: "user", content: "one" },
      { type: "reasoning", id: "rs_theirs", summary: [], encrypted_content: "gAAAAA==" },
      answered,
      { ...answered, id: "", status: "completed" },
      { ...answered, id: "msg_theirs" },
      { type: "web_search_call", id: "ws_1", status: "completed" },
      { role: "user", content: "two" },
    ];

    const { status, json, headers } = await create({ input });

    expect(status).toBe(200);
    expect(textOf(json)).toBe("two");
    expect(headers.get("x-oai-serve-ignored-params")).toContain("input.web_search_call");
  });

  test("115: a limit that is reached makes the response incomplete, with its usage", async () => {
    const { json } = await create({ model: "endless", max_output_tokens: 20 });

    expect(json).toMatchObject({
      status: "incomplete",
      incomplete_details: { reason: "max_output_tokens" },
      output: [{ status: "incomplete" }],
      usage: { output_tokens: 20 },
    });
  });

  for (const [body, status, code, param] of [
    [{ input: undefined }, 400, "missing_required_parameter", "input"],
    [{ input: [] }, 400, "empty_array", "input"],
    [{ input: 5 }, 400, "invalid_type", "input"],
    [{ input: [{ role: "nobody", content: "x" }] }, 400, "invalid_value", "input[0].role"],
    [
      { input: [{ type: "function_call", name: "f" }] },
      400,
      "missing_required_parameter",
      "input[0].call_id",
    ],
    [
      {
        input: [
          { role: "user", content: [{ type: "input_image", image_url: "data:image/png;base64,AA==" }] },
        ],
      },
      400,
      "unsupported_value",
      "input",
    ],
    [
      { previous_response_id: "resp_1", conversation: "conv_1" },
      400,
      "invalid_value",
      "previous_response_id",
    ],
    [{ prompt: { id: "pmpt_1" } }, 400, "unsupported_parameter", "prompt"],
    [{ background: true, store: false }, 400, "invalid_value", "store"],
    [{ tools: [tool], tool_choice: { type: "web_search" } }, 400, "unsupported_value", "tool_choice"],
    [{ tool_choice: "required" }, 400, "invalid_value", "tool_choice"],
    [
      { text: { format: { type: "json_schema", name: "n" } } },
      400,
      "missing_required_parameter",
      "text.format.schema",
    ],
    [{ include: ["message.output_text.logprobs"] }, 400, "unsupported_parameter", "include"],
    [{ temperature: 3 }, 400, "decimal_above_max_value", "temperature"],
    [{ max_output_tokens: 0 }, 400, "integer_below_min_value", "max_output_tokens"],
    [{ top_logprobs: 21 }, 400, "integer_above_max_value", "top_logprobs"],
    [{ model: "nobody" }, 404, "model_not_found", "model"],
    [{ model: "badarg" }, 400, "upstream_invalid_argument", null],
    [{ model: "fail" }, 503, "upstream_unavailable", null],
    [{ model: "echo-small", input: "word ".repeat(200) }, 400, "context_length_exceeded", "input"],
  ] as const) {
    test(`116: ${JSON.stringify(body).slice(0, 80)} is ${status} ${code}`, async () => {
      const answer = await create(body);

      expectError(answer, { status, code, param });
      expectNoBackendDetail(answer.text);
    });
  }

  test("114: what is too long loses its beginning where that is asked for", async () => {
    const input = [
      { role: "user", content: "word ".repeat(100) },
      { role: "assistant", content: "yes" },
      { role: "user", content: "the end" },
    ];

    const { status, json } = await create({ model: "echo-small", input, truncation: "auto" });

    expect(status).toBe(200);
    expect(textOf(json)).toBe("the end");
    expect(json["truncation"]).toBe("auto");
  });

  test("114: everything that clients set is taken, and echoed where the response has it", async () => {
    const given = {
      reasoning: { effort: "low", summary: "auto" },
      metadata: { a: "b" },
      include: ["reasoning.encrypted_content", "web_search_call.action.sources", "unknown"],
      parallel_tool_calls: false,
      temperature: 0.5,
      top_p: 0.25,
      max_output_tokens: 50,
      max_tool_calls: 3,
      user: "u",
      safety_identifier: "s",
      prompt_cache_key: "k",
      tool_choice: "none",
      truncation: "disabled",
    };
    const { include: _include, ...echoed } = given;

    const { status, json } = await create({
      ...given,
      text: { format: { type: "text" }, verbosity: "low" },
      service_tier: "auto",
      stream_options: { include_obfuscation: false },
      client_metadata: { origin: "cli" },
    });

    expect(status).toBe(200);
    expect(json).toMatchObject({ ...echoed, text: { format: { type: "text" }, verbosity: "low" } });
  });

  test("114: null is as good as nothing", async () => {
    const names = Object.keys({ ...(await create({})).json });
    const fields = [...names, "stream", "include", "conversation", "text", "tools"];
    const nulls = Object.fromEntries(fields.map((name) => [name, null]));

    const { status } = await post(`${bed.url}/responses`, { ...nulls, model: "echo", input: "hi" });

    expect(status).toBe(200);
  });

  test("120: the tokens of an input are counted", async () => {
    const { json } = await post(`${bed.url}/responses/input_tokens`, { model: "echo", input: "hi" });

    expect(json).toEqual({ object: "response.input_tokens", input_tokens: 8 });
  });

  test("a conversation is made shorter by the model, and gone on with", async () => {
    const { json } = await post<{ object: string; output: OutputItem[]; usage: object }>(
      `${bed.url}/responses/compact`,
      {
        model: "echo",
        input: [
          { role: "user", content: "hi" },
          { role: "assistant", content: "ho" },
        ],
      },
    );
    const next = await create({ input: [...json.output, { role: "user", content: "and now" }] });

    expect(json).toMatchObject({
      object: "response.compaction",
      output: [
        { type: "message", role: "user" },
        { type: "compaction", id: expect.stringMatching(/^cmp_/), encrypted_content: expect.any(String) },
      ],
      usage: { total_tokens: expect.any(Number) },
    });
    expect(textOf(next.json)).toBe("and now");
  });

  test("ten thousand items are taken, and too many are refused", async () => {
    const many = await create({ input: manyItems(10_000), truncation: "auto" });
    const tooMany = await create({ input: manyItems(16_385) });

    expect(textOf(many.json)).toBe("m9999");
    expectError(tooMany, { status: 400, code: "array_above_max_length", param: "input" });
  });

  for (const id of [
    "x'; DROP TABLE records; --",
    "resp_%00",
    "../models",
    "conv_1",
    `resp_${"a".repeat(200)}`,
  ]) {
    test(`an id that is none is refused: ${id.slice(0, 30)}`, async () => {
      for (const path of ["", "/input_items"]) {
        const answer = await send(`${bed.url}/responses/${encodeURIComponent(id)}${path}`);
        expectError(answer, { status: 400, code: "invalid_value", param: "response_id" });
      }
    });
  }

  for (const { name, connect } of nodeGenerations) {
    describe(name, () => {
      test("106: .output_text, and what is kept", async () => {
        const { responses } = connect(bed.url);

        const created = await responses.create({ model: "echo", input: "hi" });
        const found = await responses.retrieve(created.id);
        const items = await responses.inputItems.list(created.id);
        await responses.delete(created.id);

        expect([created.output_text, found.output_text]).toEqual(["hi", "hi"]);
        expect(items.data).toMatchObject([{ type: "message", role: "user" }]);
        expect(await rejection(responses.retrieve(created.id))).toMatchObject({ status: 404 });
      });

      test("119: in the background, cancelled", async () => {
        const { responses } = connect(bed.url);

        const created = await responses.create({ model: "endless", input: "hi", background: true });
        const cancelled = await responses.cancel(created.id);

        expect([created.status, cancelled.status]).toEqual(["queued", "cancelled"]);
      });
    });
  }

  for (const generation of pythonGenerations) {
    describe(`openai-python ${generation}`, () => {
      let client: PythonClient;
      beforeAll(async () => {
        client = await startPython(generation);
      });
      afterAll(() => client.stop());

      const run = <Value>(call: string, args: Record<string, unknown>): Promise<Value> =>
        client.run<Value>({ baseUrl: bed.url, call: `responses.${call}`, arguments: args });

      test("106, 117, 118, 119: creates, finds, lists, cancels", async () => {
        const created = await run<ResponseBody>("create", { model: "echo", input: "hi" });
        const found = await run<ResponseBody>("retrieve", { response_id: created.id });
        const items = await client.run<OutputItem[]>({
          baseUrl: bed.url,
          call: "responses.input_items.list",
          arguments: { response_id: created.id },
          mode: "items",
        });
        const endless = await run<ResponseBody>("create", {
          model: "endless",
          input: "hi",
          background: true,
        });
        const cancelled = await run<ResponseBody>("cancel", { response_id: endless.id });

        expect(textOf(created)).toBe("hi");
        expect(found).toEqual(created);
        expect(items).toMatchObject([{ type: "message" }]);
        expect(cancelled.status).toBe("cancelled");
      });
    });
  }
});

describeBlackBox("H. Responses, with the demo model", () => {
  let gateway: Gateway;
  beforeAll(async () => {
    gateway = await startGateway({ args: ["--demo-delay", "0"] });
  });
  afterAll(() => gateway.stop());

  const create = (body: Record<string, unknown>): Promise<Answer<ResponseBody>> =>
    post<ResponseBody>(`${gateway.url}/v1/responses`, { model: "demo", input: "weather?", ...body });

  test("109: a call has its whole shape, and tools come back flat", async () => {
    const { json } = await create({ tools: [tool] });

    expect(json.output).toEqual([
      {
        type: "function_call",
        id: expect.stringMatching(/^fc_/),
        call_id: expect.stringMatching(/^call_/),
        name: "get_weather",
        arguments: expect.any(String),
        status: "completed",
      },
    ]);
    expect(json["tools"]).toEqual([{ ...tool, strict: true }]);
    expect(JSON.parse(json.output[0]?.arguments ?? "")).toHaveProperty("city");
  });

  test("109: a tool in chat's form is one too", async () => {
    const { type, ...definition } = tool;
    const { json } = await create({ tools: [{ type, function: { ...definition, strict: false } }] });

    expect(json.output[0]).toMatchObject({ type: "function_call", name: "get_weather" });
    expect(json["tools"]).toEqual([{ ...tool, strict: false }]);
  });

  test("110: its outcome, after all that was said", async () => {
    const called = (await create({ tools: [tool] })).json;

    const { json } = await create({
      tools: [tool],
      input: [{ role: "user", content: "weather?" }, ...called.output, outcomeOf(called)],
    });

    expect(json.output.map(({ type }) => type)).toEqual(["message"]);
  });

  test("113: hosted tools and what one client sends besides are taken, and named", async () => {
    const { status, headers, json } = await create({
      tools: [
        tool,
        { type: "web_search" },
        { type: "local_shell" },
        { type: "custom", name: "apply_patch", format: { type: "grammar", syntax: "lark", definition: "x" } },
        {
          type: "namespace",
          name: "mcp__files__",
          description: "Files.",
          tools: [{ ...tool, name: "read" }],
        },
        { type: "image_generation" },
      ],
      tool_choice: { type: "function", name: "read", namespace: "mcp__files__" },
      client_metadata: { a: "b" },
    });

    expect(status).toBe(200);
    expect(headers.get("x-oai-serve-ignored-params")).toContain(
      "tools.web_search, tools.local_shell, tools.image_generation",
    );
    expect(json.output[0]).toMatchObject({ type: "function_call", name: "read", namespace: "mcp__files__" });
  });

  test("113: a custom tool is called with free text, and told its outcome", async () => {
    const tools = [{ type: "custom", name: "shell", description: "Runs a command." }];
    const called = (await create({ tools, tool_choice: { type: "custom", name: "shell" } })).json;
    const [call] = called.output;

    const { json } = await create({
      tools,
      previous_response_id: called.id,
      input: [{ type: "custom_tool_call_output", call_id: call?.call_id, output: "a.txt" }],
    });

    expect(call).toMatchObject({
      type: "custom_tool_call",
      id: expect.stringMatching(/^ctc_/),
      name: "shell",
      input: expect.any(String),
    });
    expect(json.output.map(({ type }) => type)).toEqual(["message"]);
  });

  test("114: an answer follows its schema", async () => {
    const format = { type: "json_schema", name: "city", schema: tool.parameters, strict: true };

    const { json } = await create({ text: { format } });

    expect(JSON.parse(textOf(json))).toHaveProperty("city");
    expect(json["text"]).toEqual({ format: { ...format, description: null }, verbosity: "medium" });
  });

  test("125: reasoning is an item of its own, before the message, and opaque where that is asked for", async () => {
    const { json } = await create({
      reasoning: { effort: "high" },
      include: ["reasoning.encrypted_content"],
    });

    expect(json.output.map(({ type }) => type)).toEqual(["reasoning", "message"]);
    expect(json.output[0]).toMatchObject({
      id: expect.stringMatching(/^rs_/),
      summary: [{ type: "summary_text", text: expect.stringMatching(/\S/) }],
      encrypted_content: expect.stringMatching(/^[A-Za-z0-9+/]+=*$/),
    });
  });
});

function outcomeOf({ output }: ResponseBody) {
  return { type: "function_call_output", call_id: output[0]?.call_id, output: "sunny" };
}

function textOf({ output }: ResponseBody): string {
  return output.flatMap(({ content = [] }) => content.map(({ text }) => text ?? "")).join("");
}

function manyItems(count: number) {
  return Array.from({ length: count }, (_, index) => ({
    role: index % 2 === 0 ? "assistant" : "user",
    content: `m${index}`,
  }));
}
