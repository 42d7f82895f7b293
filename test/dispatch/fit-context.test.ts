import { expect, test } from "bun:test";
import { ServeError } from "../../src/core/error.ts";
import type { Capabilities, GenerationRequest, Message } from "../../src/core/generation.ts";
import { fitContext } from "../../src/dispatch/fit-context.ts";
import type { ServedModel } from "../../src/dispatch/registry.ts";
import { textRequest } from "../support/calls.ts";
import { characterTokens } from "../support/character-tokens.ts";
import { failureOf } from "../support/failure.ts";
import { canDoAnything, scripted } from "../support/scripted.ts";

function fit(
  request: Partial<GenerationRequest>,
  contextTokens?: number,
  capabilities: Partial<Capabilities> = {},
) {
  const tokens = characterTokens();
  const model: ServedModel = {
    id: "m",
    aliases: [],
    backend: scripted([]),
    target: "m",
    ownedBy: "tests",
    created: 0,
    tokenModel: "gpt-4",
    ...(contextTokens === undefined ? {} : { contextTokens }),
  };
  const fitted = fitContext(textRequest(request), model, { ...canDoAnything, ...capabilities }, tokens);
  return { tokens, fitted };
}

const text = (length: number, maxTokens?: number): Partial<GenerationRequest> => ({
  prompt: { kind: "text", text: "x".repeat(length) },
  sampling: maxTokens === undefined ? {} : { maxTokens },
});

test("without a known context nothing is counted and nothing changed", async () => {
  const { tokens, fitted } = fit(text(1_000, 99_999));

  expect((await fitted).sampling).toEqual({ maxTokens: 99_999 });
  expect(tokens.counted).toEqual([]);
});

test("a prompt with fewer bytes than the context has tokens needs no count", async () => {
  const { tokens, fitted } = fit(text(50, 49), 100);

  await fitted;

  expect(tokens.counted).toEqual([]);
});

const limits: [string, Partial<GenerationRequest>, number | undefined][] = [
  ["a limit that fills the context exactly is kept", text(60, 40), 40],
  ["a limit that does not fit is cut to what is left", text(60, 41), 40],
  ["a prompt one short of the context leaves one token", text(99, 500), 1],
  ["no limit is made up where none was given", text(99), undefined],
  ["scoring with max_tokens 0 stays that", text(99, 0), 0],
];
for (const [what, request, maxTokens] of limits) {
  test(what, async () => {
    expect((await fit(request, 100).fitted).sampling.maxTokens).toBe(maxTokens);
  });
}

for (const length of [100, 101]) {
  test(`a prompt of ${length} tokens does not fit into a context of 100`, async () => {
    const error = await fit(text(length, 7), 100).fitted.catch((thrown: unknown) => thrown);

    expect(error).toBeInstanceOf(ServeError);
    expect(error).toMatchObject({
      status: 400,
      code: "context_length_exceeded",
      param: "prompt",
      message: `This model's maximum context length is 100 tokens. Your input of ${length} tokens plus 7 for the completion exceeds the context window.`,
    });
  });
}

test("the words that clients look for are in the message", async () => {
  const { fitted } = fit(text(100), 100);

  expect(String(await failureOf(fitted))).toMatch(/maximum context length/);
  expect(String(await failureOf(fitted))).toMatch(/maximum context length is 100 tokens/);
  expect(String(await failureOf(fitted))).toMatch(/exceeds the context window/);
});

test("a conversation that is too long is the fault of `messages`", async () => {
  const content = [{ type: "text", text: "x".repeat(200) }] as const;
  const { fitted } = fit({ prompt: { kind: "messages", messages: [{ role: "user", content }] } }, 100);

  expect(await failureOf(fitted)).toMatchObject({ code: "context_length_exceeded", param: "messages" });
});

test("tools, names and calls of a conversation count as well", async () => {
  const long = "x".repeat(90);
  const parameters = { type: "object", properties: { [long]: { type: "string" } } };
  const message = { role: "user", content: [{ type: "text", text: "Hi" }] } as const;
  const call = { id: "1", kind: "function", name: "f", arguments: long } as const;

  for (const request of [
    { tools: [{ kind: "function", name: "f", parameters }] },
    { prompt: { kind: "messages", messages: [{ ...message, name: long }] } },
    {
      prompt: {
        kind: "messages",
        messages: [message, { role: "assistant", content: [], toolCalls: [call] }],
      },
    },
  ] satisfies Partial<GenerationRequest>[]) {
    expect(await failureOf(fit(request, 95).fitted)).toMatchObject({ code: "context_length_exceeded" });
  }
});

test("a token prompt counts its tokens, and becomes text for a backend that takes no tokens", async () => {
  const request = { prompt: { kind: "tokens", tokens: [72, 105] }, sampling: { maxTokens: 500 } } as const;

  const { fitted } = fit(request, 100, { tokenPrompts: false });

  expect(await fitted).toMatchObject({ prompt: { kind: "text", text: "Hi" }, sampling: { maxTokens: 98 } });
});

test("a token prompt stays one for a backend that takes tokens", async () => {
  const { fitted } = fit({ prompt: { kind: "tokens", tokens: [72, 105] } });

  expect((await fitted).prompt).toEqual({ kind: "tokens", tokens: [72, 105] });
});

const said = (words: string): Message => ({ role: "user", content: [{ type: "text", text: words }] });
const answered = (words: string): Message => ({ ...said(words), role: "assistant" });
const talk = [said("a".repeat(40)), answered("b".repeat(40)), said("c".repeat(40)), answered("d"), said("e")];

test("of a prompt that may be cut, the oldest turns are left out, and room for the answer is kept", async () => {
  const { fitted } = fit(
    { prompt: { kind: "messages", messages: talk }, truncate: true, sampling: { maxTokens: 20 } },
    100,
  );

  const { prompt, sampling } = await fitted;
  expect(prompt).toEqual({ kind: "messages", messages: talk.slice(2) });
  expect(sampling.maxTokens).toBe(20);
});

test("a prompt whose last turn alone fills the context is refused, whether it may be cut or not", async () => {
  for (const truncate of [true, false]) {
    const { fitted } = fit(
      { prompt: { kind: "messages", messages: [...talk, said("f".repeat(200))] }, truncate },
      100,
    );

    expect(await failureOf(fitted)).toMatchObject({ code: "context_length_exceeded", param: "messages" });
  }
});
