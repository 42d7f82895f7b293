import type { MessageCreateParamsNonStreaming } from "@anthropic-ai/sdk/resources/messages";
import { afterAll, beforeAll, expect } from "bun:test";
import { startUpstreamBed, type UpstreamBed } from "../e2e/upstreams/bed.ts";
import type { UpstreamAnswer, UpstreamScript } from "../support/upstream/upstream.ts";

export const hello: MessageCreateParamsNonStreaming = {
  model: "gpt-4o-mini",
  max_tokens: 100,
  messages: [{ role: "user", content: "Hi" }],
};
export const look = {
  name: "look",
  input_schema: { type: "object" as const, properties: { city: { type: "string" } }, required: ["city"] },
};
export const everything: UpstreamAnswer = {
  reasoning: "Hm.",
  text: ["I ", "look."],
  toolCalls: [{ id: "call_1", name: "look", arguments: { city: "Łódź" } }],
};
export const content = [
  { type: "thinking", thinking: "Hm.", signature: expect.stringMatching(/./) },
  { type: "text", text: "I look." },
  { type: "tool_use", id: "call_1", name: "look", input: { city: "Łódź" } },
];
export const overloaded: UpstreamAnswer = {
  whole: { error: { message: "Busy.", type: "server_error", code: null } },
  status: 503,
  headers: { "retry-after": "0.01" },
};
export const errorTypes = {
  400: "invalid_request_error",
  404: "not_found_error",
  429: "rate_limit_error",
  502: "api_error",
  529: "overloaded_error",
} as const;

/** The executable before a server that answers as the test says. */
export function useBed() {
  let bed: UpstreamBed | undefined;
  let script: UpstreamScript | undefined;
  beforeAll(async () => {
    bed = await startUpstreamBed((...call) => script?.(...call) ?? "hang", {
      upstream: { models: ["gpt-4o-mini", "other"] },
    });
  });
  afterAll(() => bed?.stop());
  const started = () => {
    if (bed === undefined) throw new Error("The bed has not started.");
    return bed;
  };
  return {
    started,
    url: () => started().gateway.url,
    answer(...answers: readonly UpstreamAnswer[]) {
      const before = started().upstream.calls.length;
      script = (_body, call) => answers[call - before - 1] ?? answers.at(-1) ?? "hang";
    },
  };
}
