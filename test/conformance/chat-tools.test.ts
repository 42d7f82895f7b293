import { afterAll, beforeAll, expect, test } from "bun:test";
import { expectError } from "../support/expectations.ts";
import { startGateway, type Gateway } from "../support/harness.ts";
import type { ChatBody, ChatChunk, ToolCall, ToolCallDelta } from "../support/openai-wire.ts";
import { user } from "../support/openai-wire.ts";
import { describeBlackBox } from "../support/prerequisites.ts";
import { post, postStream, type Answer } from "../support/wire.ts";
import { weatherMessages, weatherTool } from "./token-fixtures.ts";

const timeTool = {
  type: "function",
  function: {
    name: "get_time",
    parameters: { type: "object", properties: { zone: { type: "string" } }, required: ["zone"] },
  },
};
const tools = [weatherTool, timeTool];

describeBlackBox("C, E. Tools, with the demo model", () => {
  let gateway: Gateway;
  beforeAll(async () => {
    gateway = await startGateway({ args: ["--demo-delay", "0"] });
  });
  afterAll(() => gateway.stop());

  const chat = (body: Record<string, unknown>): Promise<Answer<ChatBody>> =>
    post<ChatBody>(`${gateway.url}/v1/chat/completions`, { model: "demo", ...user("weather?"), ...body });
  const stream = (body: Record<string, unknown>) =>
    postStream<ChatChunk>(`${gateway.url}/v1/chat/completions`, {
      model: "demo",
      ...user("weather?"),
      ...body,
    });

  test("45: legacy functions are answered in their own form", async () => {
    const { json } = await chat({ functions: [weatherTool.function], function_call: "auto" });

    const choice = json.choices[0];
    expect(choice).toMatchObject({ finish_reason: "function_call", message: { content: null } });
    expect(choice?.message).not.toHaveProperty("tool_calls");
    expect(choice?.message.function_call?.name).toBe("get_current_weather");
    expectWeatherArguments(choice?.message.function_call?.arguments);
  });

  test("46: a tool call has its whole shape", async () => {
    const { json } = await chat({ tools: [weatherTool] });

    const choice = json.choices[0];
    expect(choice).toMatchObject({
      finish_reason: "tool_calls",
      message: { role: "assistant", content: null },
    });
    expect(choice?.message.tool_calls).toEqual([
      {
        id: expect.stringMatching(/^call_[A-Za-z0-9]{24}$/),
        type: "function",
        function: { name: "get_current_weather", arguments: expect.any(String) },
      },
    ]);
    expectWeatherArguments(choice?.message.tool_calls?.[0]?.function.arguments);
  });

  test("46: the tool's result is answered in words", async () => {
    const first = await chat({ tools: [weatherTool] });
    const message = first.json.choices[0]?.message;

    const { json } = await chat({
      tools: [weatherTool],
      messages: [
        ...user("weather?").messages,
        message,
        { role: "tool", tool_call_id: message?.tool_calls?.[0]?.id, content: "sunny, 21 degrees" },
      ],
    });

    expect(json.choices[0]).toMatchObject({ finish_reason: "stop" });
    expect(json.choices[0]?.message.content).toContain("sunny, 21 degrees");
  });

  test("47: two tools give two calls with ids of their own", async () => {
    const calls = callsOf(await chat({ tools }));

    expect(calls.map((call) => call.function.name)).toEqual(["get_current_weather", "get_time"]);
    expect(new Set(calls.map(({ id }) => id)).size).toBe(2);
  });

  test("47: parallel_tool_calls false gives one call", async () => {
    expect(callsOf(await chat({ tools, parallel_tool_calls: false }))).toHaveLength(1);
  });

  test("48: tool_choice none gives no call", async () => {
    const { json } = await chat({ tools, tool_choice: "none" });

    expect(json.choices[0]).toMatchObject({
      finish_reason: "stop",
      message: { content: expect.any(String) },
    });
    expect(json.choices[0]?.message).not.toHaveProperty("tool_calls");
  });

  test("48: tool_choice required gives a call", async () => {
    expect(callsOf(await chat({ tools, tool_choice: "required" })).length).toBeGreaterThan(0);
  });

  test("48: a named function is the one that is called", async () => {
    const answer = await chat({ tools, tool_choice: { type: "function", function: { name: "get_time" } } });

    expect(callsOf(answer).map((call) => call.function.name)).toEqual(["get_time"]);
    expect(answer.json.choices[0]?.finish_reason).toBe("tool_calls");
  });

  test("49: an undeclared function is refused", async () => {
    const answer = await chat({ tools, tool_choice: { type: "function", function: { name: "nope" } } });

    const error = expectError(answer, { status: 400, code: "invalid_value" });
    expect(error.param).toStartWith("tool_choice");
  });

  test("32: a prompt with a tool counts what OpenAI counts", async () => {
    const { json } = await chat({ messages: weatherMessages, tools: [weatherTool] });

    expect(json.usage.prompt_tokens).toBe(105);
  });

  test("79: a streamed call says its identity once and its arguments in pieces", async () => {
    const { chunks } = await stream({ tools: [weatherTool] });

    const choices = chunks.flatMap((chunk) => chunk.choices);
    expect(choices[0]?.delta).toMatchObject({ role: "assistant", content: null });
    expect(choices.slice(1).every(({ delta }) => delta.role === undefined)).toBe(true);
    const deltas = toolDeltas(chunks);
    expect(deltas.length).toBeGreaterThanOrEqual(3);
    expect(deltas[0]).toEqual({
      index: 0,
      id: expect.stringMatching(/^call_/),
      type: "function",
      function: { name: "get_current_weather", arguments: "" },
    });
    for (const delta of deltas.slice(1)) {
      expect(delta).toEqual({ index: 0, function: { arguments: expect.any(String) } });
    }
    expectWeatherArguments(joinArguments(deltas, 0));
    expect(choices.at(-1)).toMatchObject({ delta: {}, finish_reason: "tool_calls" });
    expect(choices.filter(({ finish_reason }) => finish_reason !== null)).toHaveLength(1);
  });

  test("80: two streamed calls come one after the other", async () => {
    const { chunks } = await stream({ tools });

    const deltas = toolDeltas(chunks);
    const indexes = deltas.map(({ index }) => index);
    expect(indexes).toEqual(indexes.toSorted((a, b) => a - b));
    expect([...new Set(indexes)]).toEqual([0, 1]);
    const ids = deltas.flatMap(({ id }) => (id === undefined ? [] : [id]));
    expect(new Set(ids).size).toBe(2);
    expect(ids).toHaveLength(2);
    expectWeatherArguments(joinArguments(deltas, 0));
    expect(JSON.parse(joinArguments(deltas, 1))).toEqual({ zone: expect.any(String) });
  });

  test("81: streamed legacy functions come as function_call deltas", async () => {
    const { chunks } = await stream({ functions: [weatherTool.function] });

    const choices = chunks.flatMap((chunk) => chunk.choices);
    expect(choices.some(({ delta }) => delta.tool_calls !== undefined)).toBe(false);
    const deltas = choices.flatMap(({ delta }) =>
      delta.function_call === undefined ? [] : [delta.function_call],
    );
    expect(deltas.flatMap(({ name }) => (name === undefined ? [] : [name]))).toEqual(["get_current_weather"]);
    expectWeatherArguments(deltas.map((delta) => delta.arguments).join(""));
    expect(choices.at(-1)?.finish_reason).toBe("function_call");
  });

  for (const name of [undefined, "a name", "x".repeat(65)]) {
    test(`64: a function named ${String(name).slice(0, 10)} is refused by its path`, async () => {
      const answer = await chat({ tools: [{ type: "function", function: { name } }] });

      const error = expectError(answer, { status: 400, param: "tools[0].function.name" });
      expect(error.code).toMatch(/^(missing_required_parameter|invalid_value|string_above_max_length)$/);
    });
  }
});

describeBlackBox("C. Token counts with another encoding", () => {
  test("32: a prompt with a tool counts 101 tokens for a newer model", async () => {
    const gateway = await startGateway({
      config: {
        backends: { demo: { kind: "demo", delay_ms: 0 } },
        models: { "demo-4o": { backend: "demo", token_model: "gpt-4o" } },
      },
    });

    const { json } = await post<ChatBody>(`${gateway.url}/v1/chat/completions`, {
      model: "demo-4o",
      messages: weatherMessages,
      tools: [weatherTool],
    });
    await gateway.stop();

    expect(json.usage.prompt_tokens).toBe(101);
  });
});

function callsOf(answer: Answer<ChatBody>): ToolCall[] {
  return answer.json.choices[0]?.message.tool_calls ?? [];
}

function toolDeltas(chunks: readonly ChatChunk[]): ToolCallDelta[] {
  return chunks.flatMap((chunk) => chunk.choices).flatMap(({ delta }) => delta.tool_calls ?? []);
}

function joinArguments(deltas: readonly ToolCallDelta[], index: number): string {
  return deltas
    .filter((delta) => delta.index === index)
    .map((delta) => delta.function?.arguments ?? "")
    .join("");
}

function expectWeatherArguments(text: string | undefined): void {
  const value = JSON.parse(text ?? "");
  expect(value).toMatchObject({ location: expect.any(String) });
  expect(["celsius", "fahrenheit", undefined]).toContain(value.unit);
}
