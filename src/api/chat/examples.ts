/** Real exchanges with the demo model, for the documentation. */
export const chatExamples = {
  requests: {
    simple: {
      summary: "One question",
      value: { model: "demo", messages: [{ role: "user", content: "Hello, how are you?" }], max_tokens: 100 },
    },
    streaming: {
      summary: "Streamed, with usage",
      value: {
        model: "demo",
        messages: [
          { role: "system", content: "You are a helpful assistant." },
          { role: "user", content: "Write a haiku about rivers." },
        ],
        stream: true,
        stream_options: { include_usage: true },
      },
    },
    tools: {
      summary: "A tool the model may call",
      value: {
        model: "demo",
        messages: [{ role: "user", content: "What is the weather in Paris?" }],
        tools: [
          {
            type: "function",
            function: {
              name: "get_weather",
              description: "Current weather of a city.",
              parameters: {
                type: "object",
                properties: { city: { type: "string" } },
                required: ["city"],
                additionalProperties: false,
              },
            },
          },
        ],
      },
    },
    structured: {
      summary: "An answer that follows a schema",
      value: {
        model: "demo",
        messages: [{ role: "user", content: "Name a city and its population." }],
        response_format: {
          type: "json_schema",
          json_schema: {
            name: "city",
            strict: true,
            schema: {
              type: "object",
              properties: { name: { type: "string" }, population: { type: "integer", minimum: 0 } },
              required: ["name", "population"],
              additionalProperties: false,
            },
          },
        },
      },
    },
  },
  response: {
    id: "chatcmpl-Zq8tQ1m4hJ7yK2wXc9Rb5nVdE0sLf",
    object: "chat.completion",
    created: 1763600000,
    model: "demo",
    choices: [
      {
        index: 0,
        message: {
          role: "assistant",
          content:
            "**This is the demo model of oai-serve, not a real model.** It describes what it received, so that you can see that your client works.",
          refusal: null,
          annotations: [],
        },
        logprobs: null,
        finish_reason: "length",
      },
    ],
    usage: {
      prompt_tokens: 13,
      completion_tokens: 25,
      total_tokens: 38,
      prompt_tokens_details: { cached_tokens: 0, audio_tokens: 0 },
      completion_tokens_details: {
        reasoning_tokens: 0,
        audio_tokens: 0,
        accepted_prediction_tokens: 0,
        rejected_prediction_tokens: 0,
      },
    },
    service_tier: "default",
    system_fingerprint: null,
  },
  stream: toEvents([
    { choices: [chunkChoice({ role: "assistant", content: "", refusal: null })], usage: null },
    { choices: [chunkChoice({ content: "**This " })], usage: null },
    { choices: [chunkChoice({ content: "is " })], usage: null },
    { choices: [{ ...chunkChoice({}), finish_reason: "length" }], usage: null },
    {
      choices: [],
      usage: {
        prompt_tokens: 14,
        completion_tokens: 2,
        total_tokens: 16,
        prompt_tokens_details: { cached_tokens: 0, audio_tokens: 0 },
        completion_tokens_details: {
          reasoning_tokens: 0,
          audio_tokens: 0,
          accepted_prediction_tokens: 0,
          rejected_prediction_tokens: 0,
        },
      },
    },
  ]),
};

function chunkChoice(delta: object) {
  return { index: 0, delta, logprobs: null, finish_reason: null };
}

function toEvents(chunks: readonly object[]): string {
  const header = {
    id: "chatcmpl-Zq8tQ1m4hJ7yK2wXc9Rb5nVdE0sLf",
    object: "chat.completion.chunk",
    created: 1763600000,
    model: "demo",
    service_tier: "default",
    system_fingerprint: null,
  };
  const events = chunks.map((chunk) => `data: ${JSON.stringify({ ...header, ...chunk })}\n\n`);
  return `${events.join("")}data: [DONE]\n\n`;
}
