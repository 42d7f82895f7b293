import { afterAll, describe, expect, test } from "bun:test";
import type { GenerationRequest, Message, Role, Tool } from "../../src/core/generation.ts";
import { createTokenCounter } from "../../src/tokens/counter.ts";
import type { Encoding } from "../../src/tokens/encoding.ts";
import { countPrompt, type PromptTokens } from "../../src/tokens/prompt.ts";
import { longestTurnMs, maxTurnMs } from "../support/event-loop.ts";
import { recordingLog } from "./recording-log.ts";

const counter = createTokenCounter(recordingLog());
afterAll(() => counter.close());

type Counted = Pick<GenerationRequest, "prompt" | "tools" | "toolChoice">;

const message = (role: Role, text: string, name?: string): Message => ({
  role,
  content: [{ type: "text", text }],
  ...(name === undefined ? {} : { name }),
});

const chat = (messages: readonly Message[], tools: readonly Tool[] = []): Counted => ({
  prompt: { kind: "messages", messages },
  tools,
  toolChoice: { mode: "auto" },
});

// The examples of OpenAI's cookbook for counting tokens, for which it prints the counts of the API.
const jargon = [
  message(
    "system",
    "You are a helpful, pattern-following assistant that translates corporate jargon into plain English.",
  ),
  message("system", "New synergies will help drive top-line growth.", "example_user"),
  message("system", "Things working well together will increase revenue.", "example_assistant"),
  message(
    "system",
    "Let's circle back when we have more bandwidth to touch base on opportunities for increased leverage.",
    "example_user",
  ),
  message("system", "Let's talk later when we're less busy about how to do better.", "example_assistant"),
  message("user", "This late pivot means we don't have time to boil the ocean for the client deliverable."),
];
const weather = [
  message("system", "You are a helpful assistant that can answer to questions about the weather."),
  message("user", "What's the weather like in San Francisco?"),
];
const weatherTool: Tool = {
  kind: "function",
  name: "get_current_weather",
  description: "Get the current weather in a given location",
  parameters: {
    type: "object",
    properties: {
      location: { type: "string", description: "The city and state, e.g. San Francisco, CA" },
      unit: {
        type: "string",
        description: "The unit of temperature to return",
        enum: ["celsius", "fahrenheit"],
      },
    },
    required: ["location"],
  },
};

describe("published counts are met", () => {
  const fixtures: readonly (readonly [string, Counted, Encoding, number])[] = [
    ["one word", chat([message("user", "hi")]), "cl100k_base", 8],
    ["one word", chat([message("user", "hi")]), "o200k_base", 8],
    ["six messages with names", chat(jargon), "cl100k_base", 129],
    ["six messages with names", chat(jargon), "o200k_base", 124],
    ["a question", chat(weather), "cl100k_base", 34],
    ["a question", chat(weather), "o200k_base", 33],
    ["a question with a tool", chat(weather, [weatherTool]), "cl100k_base", 105],
    ["a question with a tool", chat(weather, [weatherTool]), "o200k_base", 101],
  ];
  for (const [name, request, encoding, tokens] of fixtures) {
    test(`${name} in ${encoding} is ${tokens} tokens`, async () => {
      expect(await countPrompt(counter, encoding, request)).toEqual({ tokens, isExact: true });
    });
  }
});

const image = (detail?: string): Message => ({
  role: "user",
  content: [{ type: "image", url: "https://example.com/a.png", ...(detail === undefined ? {} : { detail }) }],
});

describe("what is added to a prompt costs", () => {
  const withCall: Message = {
    role: "assistant",
    content: [],
    toolCalls: [{ id: "call_1", kind: "function", name: "look", arguments: '{"at":"it"}' }],
  };
  // Of "user" and "assistant" each 1, of "hi" 1, of "look" 1, of the arguments 5.
  const costs: readonly (readonly [string, Counted, number])[] = [
    ["no message", chat([]), 3],
    ["a message without content", chat([{ role: "user", content: [] }]), 3 + 4],
    ["a name", chat([message("user", "hi", "look")]), 3 + 5 + 2],
    [
      "two parts",
      chat([{ role: "user", content: [...message("user", "hi").content, ...message("user", "hi").content] }]),
      9,
    ],
    ["an image of unknown size", chat([image()]), 3 + 4 + 765],
    ["an image in low detail", chat([image("low")]), 3 + 4 + 85],
    ["a call in the history", chat([withCall]), 3 + 4 + 3 + 1 + 5],
    ["the call's answer, not its id", chat([{ ...message("tool", "hi"), toolCallId: "call_1" }]), 8],
    ["a plain text", { prompt: { kind: "text", text: "hi" }, tools: [], toolChoice: { mode: "auto" } }, 1],
    ["an empty text", { prompt: { kind: "text", text: "" }, tools: [], toolChoice: { mode: "auto" } }, 0],
    ["tokens", { prompt: { kind: "tokens", tokens: [1, 2, 3] }, tools: [], toolChoice: { mode: "auto" } }, 3],
  ];
  for (const [name, request, tokens] of costs) {
    test(`${name}: ${tokens}`, async () => {
      expect(await countPrompt(counter, "cl100k_base", request)).toEqual({ tokens, isExact: true });
    });
  }
});

describe("the choice of a tool", () => {
  const choices: readonly (readonly [string, GenerationRequest["toolChoice"], number])[] = [
    ["left to the model costs nothing", { mode: "auto" }, 105],
    ["of any costs nothing", { mode: "required" }, 105],
    ["of none costs one", { mode: "none" }, 106],
    ["by name costs four and the name", { mode: "named", name: "get_current_weather" }, 105 + 4 + 3],
  ];
  for (const [name, toolChoice, tokens] of choices) {
    test(name, async () => {
      const counted = await countPrompt(counter, "cl100k_base", {
        ...chat(weather, [weatherTool]),
        toolChoice,
      });

      expect(counted).toEqual({ tokens, isExact: true });
    });
  }

  test("without a system message the tools cost one of their own", async () => {
    const [, question] = weather;
    const messages = question === undefined ? [] : [question];

    const without = await countPrompt(counter, "cl100k_base", chat(messages));
    const withTool = await countPrompt(counter, "cl100k_base", chat(messages, [weatherTool]));

    expect(withTool.tokens - without.tokens).toBe(105 - 34 + 4);
  });
});

test("all texts of a request are asked for at once", async () => {
  const asked: (readonly string[])[] = [];
  const counting = {
    count: async (_: Encoding, texts: readonly string[]) => {
      asked.push(texts);
      return { counts: texts.map(() => 1), isExact: true };
    },
    encode: async () => new Uint32Array(),
    spell: async () => [],
    decode: async () => "",
    close() {},
  };

  const tokens = await countPrompt(counting, "cl100k_base", chat(jargon, [weatherTool]));

  expect(asked.map((texts) => texts.length)).toEqual([2 + 4 + 6 + 1]);
  expect(tokens).toEqual({ tokens: 3 + 6 * 3 + 6 + 4 * 2 + 6 + 1 + 9 - 4, isExact: true });
});

const withParts = (part: Message["content"][number]): Message => ({
  role: "user",
  content: Array.from({ length: 100_000 }, () => part),
});

describe("a prompt of any size is counted or estimated, and holds up nothing", () => {
  const photo = `data:image/jpeg;base64,/9j/${"4AAE".repeat(16_384)}`;
  const photos = Array.from({ length: 450 }, () => ({ type: "image" as const, url: photo }));
  const call = { id: "call_1", kind: "function" as const, name: "look", arguments: "" };
  const long = Buffer.alloc(30_000_000, "many words ").toString();
  const described: Tool = { ...weatherTool, description: long };
  const listed: Tool = {
    ...weatherTool,
    parameters: { properties: { p: { enum: Array.from({ length: 2_000_000 }, () => "v") } } },
  };
  const prompts: readonly (readonly [string, Counted, number, boolean])[] = [
    ["a long text", { ...chat([]), prompt: { kind: "text", text: long } }, 7_500_000, false],
    ["a long system prompt with tools", chat([message("system", long)], [weatherTool]), 7_500_079, false],
    ["100,000 parts", chat([withParts({ type: "text", text: "hi" })]), 100_007, false],
    ["100,000 empty parts", chat([withParts({ type: "text", text: "" })]), 7, false],
    ["many photos", chat([{ role: "user", content: photos }]), 450 * 765 + 7, true],
    [
      "100,000 calls",
      chat([{ role: "assistant", content: [], toolCalls: Array.from({ length: 100_000 }, () => call) }]),
      100_000 * (3 + 1) + 9,
      false,
    ],
    ["a tool with a long description", chat(weather, [described]), 7_500_000, false],
    ["a tool with a long list", chat(weather, [listed]), 250_000, false],
  ];
  for (const [name, request, tokens, isExact] of prompts) {
    test(name, async () => {
      await counter.count("cl100k_base", ["warm"]);
      let counted: PromptTokens | undefined;

      const turnMs = await longestTurnMs(20, async () => {
        counted = await countPrompt(counter, "cl100k_base", request);
      });

      expect(turnMs).toBeLessThan(maxTurnMs);
      expect(counted?.isExact).toBe(isExact);
      expect(Math.abs((counted?.tokens ?? 0) - tokens)).toBeLessThan(100);
    });
  }
});
