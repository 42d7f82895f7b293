import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { Value } from "@sinclair/typebox/value";
import { ChatCompletion, ChatCompletionChunk } from "../../src/api/chat/answer-schema.ts";
import { Completion, CompletionChunk } from "../../src/api/completions/schema.ts";
import type { GenerationEvent, TokenLogprob } from "../../src/core/generation.ts";
import { type App, startApp } from "../support/app.ts";
import { nodeGenerations } from "../support/clients/node.ts";
import { type PythonClient, pythonGenerations, startPython } from "../support/clients/python.ts";
import { finish, text } from "../support/events.ts";
import { expectError } from "../support/expectations.ts";
import { type ChatBody, type ChatChunk, type CompletionBody, user } from "../support/openai-wire.ts";
import { describePython } from "../support/prerequisites.ts";
import { scripted } from "../support/scripted.ts";
import { post, postStream } from "../support/wire.ts";

const bytesOf = (token: string) => [...Buffer.from(token)];

function scoredToken(token: string, logprob: number, others: Readonly<Record<string, number>>): TokenLogprob {
  const top = [[token, logprob] as const, ...Object.entries(others)].map(([name, likelihood]) => ({
    token: name,
    logprob: likelihood,
    bytes: bytesOf(name),
  }));
  return { token, logprob, bytes: bytesOf(token), top };
}

const smile = scoredToken("😀", -0.5, { ":)": -1.5 });
const goes = scoredToken(" é", -0.25, { " e": -2 });
const bang = scoredToken("!", -0.125, { "?": -3 });
const once = scoredToken("Ünder", -7, { Once: -1 });

const scored = (...tokens: TokenLogprob[]): GenerationEvent => ({
  ...text(tokens.map(({ token }) => token).join("")),
  logprobs: tokens,
});
const answer = [[scored(smile)], [scored(goes, bang)], [finish()]];

/** Gives the logprobs of the prompt with an empty text: it is the surface that repeats the text. */
const scorer = scripted(({ echoLogprobs }) =>
  echoLogprobs === true ? [[{ ...text(""), logprobs: [once] }], ...answer] : answer,
);
const mute = scripted(answer, {
  id: "mute",
  models: [{ id: "mute", ownedBy: "tests" }],
  capabilities: { logprobs: false },
});

/** As chat writes them. */
const wire = (tokens: readonly TokenLogprob[]) => ({
  content: tokens.map(({ top, ...token }) => ({ ...token, top_logprobs: [...top] })),
  refusal: null,
});

let app: App;
let url: string;
beforeAll(() => {
  app = startApp([scorer, mute]);
  url = `${app.url}/v1`;
});
afterAll(() => app[Symbol.asyncDispose]());

describe("Chat logprobs", () => {
  const asked = { model: "scripted", ...user("Hi"), logprobs: true, top_logprobs: 2 };

  test("stand beside the message, with the bytes of each token", async () => {
    const { json } = await post<ChatBody>(`${url}/chat/completions`, asked);

    expect(Value.Check(ChatCompletion, json)).toBe(true);
    expect(json.choices[0]?.logprobs).toEqual(wire([smile, goes, bang]));
    expect(json.choices[0]?.message.content).toBe("😀 é!");
  });

  test("stand in the chunks with content, and in no other", async () => {
    const { chunks } = await postStream<ChatChunk>(`${url}/chat/completions`, asked);

    expect(chunks.every((chunk) => Value.Check(ChatCompletionChunk, chunk))).toBe(true);
    expect(chunks.map(({ choices }) => choices[0]?.logprobs)).toEqual([
      null,
      wire([smile]),
      wire([goes, bang]),
      null,
    ]);
  });

  test("are null when nobody asked", async () => {
    const { json } = await post<ChatBody>(`${url}/chat/completions`, {
      ...asked,
      logprobs: false,
      top_logprobs: null,
    });

    expect(json.choices[0]?.logprobs).toBeNull();
  });

  for (const [body, param] of [
    [{ ...asked, model: "mute" }, "logprobs"],
    [{ ...asked, logprobs: false }, "top_logprobs"],
    [{ ...asked, top_logprobs: 21 }, "top_logprobs"],
    [{ ...asked, logprobs: 2 }, "logprobs"],
  ] as const) {
    test(`52, 62: ${JSON.stringify(body)} is refused by name`, async () => {
      expectError(await post(`${url}/chat/completions`, body), { status: 400, param });
    });
  }

  for (const { name, connect } of nodeGenerations) {
    test(`reach ${name}, whole and through its helper for streams`, async () => {
      const client = connect(url);
      const body = { ...asked, messages: [{ role: "user" as const, content: "Hi" }] };

      const whole = await client.chat.completions.create(body);
      const streamed = await client.chat.completions.stream(body).finalChatCompletion();

      const contents: unknown[] = [whole, streamed].map(({ choices }) => choices[0]?.logprobs?.content);
      const { content } = wire([smile, goes, bang]);
      expect(contents).toEqual([content, content]);
    });
  }
});

describe("Legacy logprobs", () => {
  const asked = { model: "scripted", prompt: "Ünder", logprobs: 2 };
  const parallel = {
    tokens: ["😀", " é", "!"],
    token_logprobs: [-0.5, -0.25, -0.125],
    top_logprobs: [
      { "😀": -0.5, ":)": -1.5 },
      { " é": -0.25, " e": -2 },
      { "!": -0.125, "?": -3 },
    ],
  };

  test("are parallel arrays, with offsets in code points from the start of the prompt", async () => {
    const { json } = await post<CompletionBody>(`${url}/completions`, asked);

    expect(Value.Check(Completion, json)).toBe(true);
    expect(json.choices[0]?.logprobs).toEqual({ ...parallel, text_offset: [5, 6, 8] });
  });

  test("add up to the same in a stream", async () => {
    const { chunks } = await postStream<CompletionBody>(`${url}/completions`, asked);

    expect(chunks.every((chunk) => Value.Check(CompletionChunk, chunk))).toBe(true);
    expect(chunks.map(({ choices }) => choices[0]?.logprobs)).toEqual([
      {
        tokens: ["😀"],
        token_logprobs: [-0.5],
        top_logprobs: parallel.top_logprobs.slice(0, 1),
        text_offset: [5],
      },
      {
        tokens: [" é", "!"],
        token_logprobs: [-0.25, -0.125],
        top_logprobs: parallel.top_logprobs.slice(1),
        text_offset: [6, 8],
      },
      null,
    ]);
  });

  const echoed = {
    tokens: ["Ünder", ...parallel.tokens],
    token_logprobs: [null, ...parallel.token_logprobs],
    top_logprobs: [null, ...parallel.top_logprobs],
    text_offset: [0, 5, 6, 8],
  };

  test("with echo begin with the prompt, whose first token has none", async () => {
    const { json } = await post<CompletionBody>(`${url}/completions`, { ...asked, echo: true });

    expect(json.choices[0]).toMatchObject({ text: "Ünder😀 é!", logprobs: echoed });
  });

  test("of the prompt are refused where a backend has none", async () => {
    const backend = scripted(answer, { capabilities: { echoLogprobs: false } });
    await using plain = startApp([backend]);

    const refused = await post(`${plain.url}/v1/completions`, { ...asked, echo: true });

    expectError(refused, { status: 400, code: "unsupported_parameter", param: "logprobs" });
    expect(backend.calls).toEqual([]);
  });

  test("of the chosen tokens alone have no others", async () => {
    const bare = scripted([[{ ...text("a"), logprobs: [{ ...smile, top: [] }] }], [finish()]]);
    await using plain = startApp([bare]);

    const { json } = await post<CompletionBody>(`${plain.url}/v1/completions`, { ...asked, logprobs: 0 });

    expect(bare.seen[0]?.logprobs).toEqual({ top: 0 });
    expect(json.choices[0]?.logprobs).toMatchObject({ token_logprobs: [-0.5], top_logprobs: [null] });
  });

  for (const generation of pythonGenerations) {
    describePython(`openai-python ${generation}`, () => {
      let python: PythonClient;
      beforeAll(async () => {
        python = await startPython(generation);
      });
      afterAll(() => python.stop());

      test("finds each token at its offset", async () => {
        const whole = await python.run<CompletionBody>({
          baseUrl: url,
          call: "completions.create",
          arguments: { ...asked, echo: true },
        });

        expect(whole.choices[0]?.logprobs).toEqual(echoed);
        const characters = Array.from(whole.choices[0]?.text ?? "");
        expect(
          echoed.tokens.map((token, index) => {
            const start = echoed.text_offset[index] ?? 0;
            return characters.slice(start, start + Array.from(token).length).join("");
          }),
        ).toEqual(echoed.tokens);
      });
    });
  }
});
