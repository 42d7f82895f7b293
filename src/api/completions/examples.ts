import { encodeUsage } from "../common/header.ts";

/** Real exchanges with the demo model, for the documentation. */
export const completionExamples = {
  requests: {
    simple: {
      summary: "Continue a text",
      value: { prompt: "Once upon a time", max_tokens: 100, temperature: 0.7 },
    },
    streaming: { summary: "Streamed", value: { prompt: "Once upon a time", max_tokens: 100, stream: true } },
    several: {
      summary: "Two prompts, two answers each",
      value: { model: "demo", prompt: ["Red is", "Blue is"], n: 2 },
    },
  },
  response: {
    id: "cmpl-Zq8tQ1m4hJ7yK2wXc9Rb5nVdE0sLf",
    object: "text_completion",
    created: 1763600000,
    model: "demo",
    choices: [
      {
        text: " … and here the demo model of oai-serve goes on; it is no real model.",
        index: 0,
        logprobs: null,
        finish_reason: "stop",
      },
    ],
    usage: encodeUsage({ promptTokens: 4, completionTokens: 15 }),
    system_fingerprint: null,
  },
  stream: toEvents([
    { text: " … ", index: 0, logprobs: null, finish_reason: null },
    { text: "and ", index: 0, logprobs: null, finish_reason: null },
    { text: "", index: 0, logprobs: null, finish_reason: "length" },
  ]),
};

function toEvents(choices: readonly object[]): string {
  const header = {
    id: "cmpl-Zq8tQ1m4hJ7yK2wXc9Rb5nVdE0sLf",
    object: "text_completion",
    created: 1763600000,
    model: "demo",
    system_fingerprint: null,
  };
  const events = choices.map((choice) => `data: ${JSON.stringify({ ...header, choices: [choice] })}\n\n`);
  return `${events.join("")}data: [DONE]\n\n`;
}
