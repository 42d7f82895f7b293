import { afterAll, beforeAll, expect, test } from "bun:test";
import { createOpenAI } from "@ai-sdk/openai";
import { type Gateway, startGateway } from "../support/harness.ts";
import { describeBlackBox } from "../support/prerequisites.ts";

const tools = [
  {
    type: "function" as const,
    name: "get_weather",
    inputSchema: {
      type: "object" as const,
      properties: { city: { type: "string" as const } },
      required: ["city"],
      additionalProperties: false,
    },
  },
];

describeBlackBox("I. Responses, streamed to the AI SDK's default model", () => {
  let gateway: Gateway;
  beforeAll(async () => {
    gateway = await startGateway({ args: ["--demo-delay", "0"] });
  });
  afterAll(() => gateway.stop());

  /** The parts that the provider itself makes of the stream, before any function of the SDK sees them. */
  const partsOf = async (more: object = {}) => {
    const provider = createOpenAI({ baseURL: `${gateway.url}/v1`, apiKey: "unused" });
    const { stream } = await provider("demo").doStream({
      prompt: [{ role: "user", content: [{ type: "text", text: "weather?" }] }],
      ...more,
    });
    return Array.fromAsync(stream);
  };

  test("130: a text has its start, its deltas and its end, and the finish its usage", async () => {
    const parts = await partsOf();

    expect(typesOf(parts)).toEqual([
      "stream-start",
      "response-metadata",
      "text-start",
      "text-delta",
      "text-end",
      "finish",
    ]);
    expect(parts.at(-1)).toMatchObject({
      finishReason: { unified: "stop" },
      usage: { inputTokens: { total: expect.any(Number) }, outputTokens: { total: expect.any(Number) } },
    });
  });

  test("130: a call arrives in pieces and whole, and the finish says so", async () => {
    const parts = await partsOf({ tools });

    const call = parts.find((part) => part.type === "tool-call");
    expect(typesOf(parts)).toEqual([
      "stream-start",
      "response-metadata",
      "tool-input-start",
      "tool-input-delta",
      "tool-input-end",
      "tool-call",
      "finish",
    ]);
    expect(call).toMatchObject({ toolName: "get_weather", toolCallId: expect.stringMatching(/^call_/) });
    expect(JSON.parse(call?.input ?? "")).toHaveProperty("city");
    expect(parts.at(-1)).toMatchObject({ finishReason: { unified: "tool-calls" } });
  });

  test("130: reasoning has its start, its deltas and its end", async () => {
    const parts = await partsOf({
      providerOptions: { openai: { reasoningEffort: "high", forceReasoning: true } },
    });

    expect(typesOf(parts)).toEqual([
      "stream-start",
      "response-metadata",
      "reasoning-start",
      "reasoning-delta",
      "reasoning-end",
      "text-start",
      "text-delta",
      "text-end",
      "finish",
    ]);
  });
});

/** In order, those that follow each other once. */
function typesOf(parts: readonly { type: string }[]): string[] {
  return parts.map(({ type }) => type).filter((type, index, all) => type !== all[index - 1]);
}
