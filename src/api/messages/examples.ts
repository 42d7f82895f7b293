import { encode } from "./encode.ts";

const weather = {
  name: "get_weather",
  description: "Current weather of a city.",
  input_schema: {
    type: "object",
    properties: { city: { type: "string" } },
    required: ["city"],
    additionalProperties: false,
  },
};

/** Real exchanges with the demo model, for the documentation. */
export const messageExamples = {
  requests: {
    simple: {
      summary: "One question",
      value: {
        model: "demo",
        max_tokens: 100,
        messages: [{ role: "user", content: "Hello, how are you?" }],
      },
    },
    streaming: {
      summary: "Streamed, with thinking",
      value: {
        model: "demo",
        max_tokens: 2048,
        system: "You are a helpful assistant.",
        thinking: { type: "enabled", budget_tokens: 1024 },
        messages: [{ role: "user", content: "Write a haiku about rivers." }],
        stream: true,
      },
    },
    tools: {
      summary: "A tool the model may call",
      value: {
        model: "demo",
        max_tokens: 200,
        messages: [{ role: "user", content: "What is the weather in Paris?" }],
        tools: [weather],
      },
    },
    result: {
      summary: "The outcome of a call",
      value: {
        model: "demo",
        max_tokens: 200,
        messages: [
          { role: "user", content: "What is the weather in Paris?" },
          {
            role: "assistant",
            content: [{ type: "tool_use", id: "call_1", name: "get_weather", input: { city: "Paris" } }],
          },
          { role: "user", content: [{ type: "tool_result", tool_use_id: "call_1", content: "sunny" }] },
        ],
        tools: [weather],
      },
    },
  },
  countRequests: {
    simple: {
      summary: "One question",
      value: { model: "demo", messages: [{ role: "user", content: "Hello, how are you?" }] },
    },
  },
  response: encode(
    {
      blocks: [{ block: { kind: "text" }, text: "**This is the demo model of oai-serve" }],
      finish: { reason: "length" },
      usage: { promptTokens: 13, completionTokens: 10 },
    },
    { id: "msg_Zq8tQ1m4hJ7yK2wXc9Rb5nVd", model: "demo" },
  ),
  stream: toEvents([
    {
      type: "message_start",
      message: {
        ...encode(
          {
            blocks: [],
            finish: { reason: "stop" },
            usage: { promptTokens: 13, completionTokens: 0 },
          },
          { id: "msg_Zq8tQ1m4hJ7yK2wXc9Rb5nVd", model: "demo" },
        ),
        stop_reason: null,
      },
    },
    { type: "ping" },
    { type: "content_block_start", index: 0, content_block: { type: "text", text: "", citations: null } },
    { type: "content_block_delta", index: 0, delta: { type: "text_delta", text: "**This " } },
    { type: "content_block_stop", index: 0 },
    {
      type: "message_delta",
      delta: { container: null, stop_reason: "max_tokens", stop_sequence: null, stop_details: null },
      usage: {
        input_tokens: 13,
        output_tokens: 1,
        cache_creation_input_tokens: 0,
        cache_read_input_tokens: 0,
        output_tokens_details: { thinking_tokens: 0 },
        server_tool_use: null,
      },
    },
    { type: "message_stop" },
  ]),
};

function toEvents(events: readonly Readonly<Record<string, unknown>>[]): string {
  return events
    .map((event) => `event: ${String(event["type"])}\ndata: ${JSON.stringify(event)}\n\n`)
    .join("");
}
