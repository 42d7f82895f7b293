import { describe, expect, test } from "bun:test";
import { Value } from "@sinclair/typebox/value";
import { Completion, CompletionChunk } from "../../../src/api/completions/schema.ts";
import { ServeError } from "../../../src/core/error.ts";
import type { GenerationEvent, GenerationRequest } from "../../../src/core/generation.ts";
import { jsonOf, startApp } from "../../support/app.ts";
import { finish, text, token } from "../../support/events.ts";
import type { CompletionBody } from "../../support/openai-wire.ts";
import { scripted } from "../../support/scripted.ts";
import { jsonFrames } from "../../support/sse-frames.ts";

const path = "/v1/completions";
const plain = { choices: 1, tokenPrompts: false, reportsLength: false, sampling: new Set<never>() };

/** Answers each prompt with itself in capitals, so that the test sees which answer is whose. */
function shout({ prompt }: GenerationRequest) {
  return [[text(prompt.kind === "text" ? prompt.text.toUpperCase() : "")], [finish()]];
}

/** Text that is one token, with one alternative to it. */
function scored(value: string): GenerationEvent {
  const top = [{ token: "z", logprob: -2, bytes: null }];
  return { ...text(value), logprobs: [{ token: value, logprob: -1, bytes: null, top }] };
}

test("a text is continued as a text_completion", async () => {
  await using app = startApp([scripted(shout)]);

  const answer = await jsonOf<CompletionBody>(await app.post(path, { prompt: "once" }));

  expect(Value.Check(Completion, answer)).toBe(true);
  expect(answer).toMatchObject({
    id: expect.stringMatching(/^cmpl-/),
    model: "scripted",
    choices: [{ text: "ONCE", index: 0, logprobs: null, finish_reason: "stop" }],
    usage: { prompt_tokens: 4, completion_tokens: 4, total_tokens: 8 },
  });
});

test("several prompts with several answers each are numbered prompt by prompt", async () => {
  await using app = startApp([scripted(shout, { capabilities: plain })]);

  const answer = await jsonOf<CompletionBody>(await app.post(path, { prompt: ["a", "b"], n: 2, echo: true }));

  expect(answer.choices.map(({ index, text: said }) => [index, said])).toEqual([
    [0, "aA"],
    [1, "aA"],
    [2, "bB"],
    [3, "bB"],
  ]);
  expect(answer.usage).toMatchObject({ prompt_tokens: 2, completion_tokens: 4 });
});

test("a prompt of tokens reaches a backend that takes no tokens as text", async () => {
  const backend = scripted(shout, { capabilities: plain });
  await using app = startApp([backend]);

  const answer = await jsonOf<CompletionBody>(
    await app.post(path, { prompt: [[104, 105], [33]], echo: true }),
  );

  expect(backend.seen.map(({ prompt }) => prompt)).toEqual([
    { kind: "text", text: "hi" },
    { kind: "text", text: "!" },
  ]);
  expect(answer.choices.map((choice) => choice.text)).toEqual(["hiHI", "!!"]);
});

test("a prompt of tokens cannot be repeated when nobody made it text", async () => {
  await using app = startApp([scripted(shout)]);

  const response = await app.post(path, { prompt: [104], echo: true });

  expect(response.status).toBe(400);
  expect(await response.json()).toMatchObject({ error: { param: "echo", code: "unsupported_parameter" } });
});

test("without max_tokens an endless answer ends after 16", async () => {
  const endless = Array.from({ length: 20 }, () => [token("x")]);
  await using app = startApp([scripted(endless, { capabilities: plain })]);

  const answer = await jsonOf<CompletionBody>(await app.post(path, { prompt: "a" }));

  expect(answer.choices).toMatchObject([{ text: "x".repeat(16), finish_reason: "length" }]);
  expect(answer.usage).toMatchObject({ completion_tokens: 16 });
});

test("max_tokens 0 with echo gives the prompt back and asks nobody", async () => {
  const backend = scripted(shout);
  await using app = startApp([backend]);

  const answer = await jsonOf<CompletionBody>(
    await app.post(path, { prompt: "once", max_tokens: 0, echo: true }),
  );

  expect(answer.choices).toMatchObject([{ text: "once", finish_reason: "length" }]);
  expect(answer.usage).toMatchObject({ prompt_tokens: 4, completion_tokens: 0 });
  expect(backend.calls).toEqual([]);
});

test("offsets of logprobs count from the start of the prompt, streamed or not", async () => {
  await using app = startApp([scripted([[scored("ab")], [scored("c"), finish()]])]);

  const answer = await jsonOf<CompletionBody>(await app.post(path, { prompt: "once", logprobs: 1 }));
  const stream = await app.post(path, { prompt: "once", logprobs: 1, stream: true });
  const chunks = jsonFrames<CompletionBody>(await stream.text());

  expect(answer.choices[0]?.logprobs).toEqual({
    tokens: ["ab", "c"],
    token_logprobs: [-1, -1],
    top_logprobs: [
      { z: -2, ab: -1 },
      { z: -2, c: -1 },
    ],
    text_offset: [4, 6],
  });
  expect(chunks.map((chunk) => chunk.choices[0]?.logprobs) as unknown).toMatchObject([
    { tokens: ["ab"], text_offset: [4] },
    { tokens: ["c"], text_offset: [6] },
    null,
  ]);
});

test("a stream is chunks of the same object, usage only when asked for, [DONE]", async () => {
  await using app = startApp([scripted(shout)]);

  const response = await app.post(path, {
    prompt: ["a", "b"],
    stream: true,
    stream_options: { include_usage: true },
  });
  const chunks = jsonFrames<CompletionBody>(await response.text());

  expect(response.headers.get("content-type")).toBe("text/event-stream; charset=utf-8");
  expect(chunks.every((chunk) => Value.Check(CompletionChunk, chunk))).toBe(true);
  expect(chunks.at(-1)).toMatchObject({ choices: [], usage: { prompt_tokens: 2, completion_tokens: 2 } });
  for (const index of [0, 1]) {
    const mine = chunks.flatMap(({ choices }) => choices.filter((choice) => choice.index === index));
    expect(mine.map((choice) => choice.finish_reason)).toEqual([null, "stop"]);
  }
});

test("a field without effect is named in the header", async () => {
  await using app = startApp([scripted(shout, { capabilities: plain })]);

  const response = await app.post(path, { prompt: "a", temperature: 0, min_p: 0.1 });

  expect(response.headers.get("x-oai-serve-ignored-params")).toBe("temperature, min_p");
});

describe("an early failure is a status and JSON, streamed or not:", () => {
  const failures: [string, Record<string, unknown>, number, string][] = [
    ["a backend that fails before its first event", {}, 502, "upstream_error"],
    ["a suffix that the backend does not take", { suffix: "x" }, 400, "unsupported_parameter"],
    ["a prompt that is no prompt", { prompt: 5 }, 400, "invalid_type"],
    ["more logprobs than there are", { logprobs: 6 }, 400, "integer_above_max_value"],
  ];
  for (const [what, fields, status, code] of failures) {
    for (const stream of [false, true]) {
      test(`${what}, stream ${stream}`, async () => {
        const broken = new ServeError("upstream", "The backend failed.", { code: "upstream_error" });
        await using app = startApp([scripted([broken], { capabilities: { suffix: false } })]);

        const response = await app.post(path, { prompt: "a", ...fields, stream });

        expect(response.status).toBe(status);
        expect(await response.json()).toMatchObject({ error: { code } });
      });
    }
  }
});
