import { describe, expect, test } from "bun:test";
import type { AgentContext } from "../../../src/agents/kit/agent.ts";
import type { GenerationRequest, Message } from "../../../src/core/generation.ts";
import { answerOf } from "./bed.ts";

async function contextOf(request: Partial<GenerationRequest>): Promise<AgentContext> {
  let seen: AgentContext | undefined;
  await answerOf((context) => void (seen = context), { request });
  if (seen === undefined) throw new Error("The agent did not run.");
  return seen;
}

const messages = (...given: Message[]) => ({ prompt: { kind: "messages" as const, messages: given } });
const user = (...texts: string[]): Message => ({
  role: "user",
  content: texts.map((text) => ({ type: "text", text })),
});
const picture = { type: "image", url: "data:image/png;base64,AA==" } as const;

describe("messages", () => {
  test("of nothing but text have it as a text", async () => {
    const context = await contextOf(
      messages({ role: "system", content: [{ type: "text", text: "Be short." }] }, user("Hel", "lo")),
    );

    expect(context.messages).toEqual([
      { role: "system", content: "Be short." },
      { role: "user", content: "Hello" },
    ]);
  });

  test("with more than text have their parts", async () => {
    const context = await contextOf(
      messages({ role: "user", content: [{ type: "text", text: "What is it?" }, picture] }),
    );

    expect(context.messages).toEqual([
      { role: "user", content: [{ type: "text", text: "What is it?" }, picture] },
    ]);
    expect(context.userQuery).toBe("What is it?");
  });

  test("keep calls and what they are answered", async () => {
    const call = { id: "call_1", kind: "function", name: "weather", arguments: "{}" } as const;

    const context = await contextOf(
      messages(
        user("Weather?"),
        { role: "assistant", content: [], toolCalls: [call] },
        { role: "tool", toolCallId: "call_1", content: [{ type: "text", text: "Sunny" }] },
      ),
    );

    expect(context.messages).toEqual([
      { role: "user", content: "Weather?" },
      { role: "assistant", content: "", toolCalls: [call] },
      { role: "tool", toolCallId: "call_1", content: "Sunny" },
    ]);
    expect(context.userQuery).toBe("Weather?");
  });

  test("of a text prompt are one of the user", async () => {
    const context = await contextOf({ prompt: { kind: "text", text: "Once upon" } });

    expect(context.messages).toEqual([{ role: "user", content: "Once upon" }]);
    expect(context.userQuery).toBe("Once upon");
  });
});

describe("the user's query", () => {
  const assistant: Message = { role: "assistant", content: [{ type: "text", text: "Yes?" }] };
  const table: readonly (readonly [name: string, given: Message[], query: string])[] = [
    ["is the last message of the user", [user("one"), assistant, user("two")], "two"],
    ["is there although another message came later", [user("one"), assistant], "one"],
    ["is empty without one", [assistant], ""],
    ["is empty without text", [{ role: "user", content: [picture] }], ""],
  ];
  for (const [name, given, query] of table) {
    test(name, async () => {
      expect((await contextOf(messages(...given))).userQuery).toBe(query);
    });
  }
});

test("params are what the client gave and nothing else", async () => {
  const context = await contextOf({
    sampling: { temperature: 0.5, maxTokens: 10, stop: ["."] },
    reasoning: { effort: "low" },
    extra: { mode: "fast" },
  });

  expect(context.params).toEqual({
    temperature: 0.5,
    maxTokens: 10,
    stop: ["."],
    reasoningEffort: "low",
    extra: { mode: "fast" },
  });
});

test("tools, formats and the conversation come as they were asked for", async () => {
  const tools = [{ kind: "function", name: "weather" }] as const;

  const context = await contextOf({
    tools,
    toolChoice: { mode: "required" },
    parallelToolCalls: false,
    output: { kind: "json" },
    conversationId: "conv_1",
  });

  expect(context).toMatchObject({
    agent: "helper",
    tools: [...tools],
    toolChoice: { mode: "required" },
    parallelToolCalls: false,
    responseFormat: { kind: "json" },
    conversation: { id: "conv_1" },
  });
});

test("a request of no conversation has none", async () => {
  expect((await contextOf({})).conversation).toBeUndefined();
});
