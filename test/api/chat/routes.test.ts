import { describe, expect, test } from "bun:test";
import { Value } from "@sinclair/typebox/value";
import { ChatCompletion, ChatCompletionChunk } from "../../../src/api/chat/answer-schema.ts";
import { ServeError } from "../../../src/core/error.ts";
import { jsonOf, startApp } from "../../support/app.ts";
import { callDelta, callStart, finish, text, usage } from "../../support/events.ts";
import { type ChatBody, type ChatChunk, chatText, user } from "../../support/openai-wire.ts";
import { scripted, silence } from "../../support/scripted.ts";
import { jsonFrames } from "../../support/sse-frames.ts";

const path = "/v1/chat/completions";
const hello = [[text("Hel")], [text("lo"), finish()]];
const broken = new ServeError("upstream", "The backend failed.", { code: "upstream_error" });

test("an answer in one piece is a chat.completion", async () => {
  await using app = startApp([scripted([...hello, [usage(7, 3)]])]);

  const response = await app.post(path, user("Hi"));
  const body = await jsonOf<ChatBody>(response);

  expect(response.status).toBe(200);
  expect(response.headers.get("content-type")).toMatch(/^application\/json/);
  expect(Value.Check(ChatCompletion, body)).toBe(true);
  expect(body).toMatchObject({
    id: expect.stringMatching(/^chatcmpl-[A-Za-z0-9]{29}$/),
    model: "scripted",
    choices: [{ message: { role: "assistant", content: "Hello" }, finish_reason: "stop" }],
    usage: { prompt_tokens: 7, completion_tokens: 3, total_tokens: 10 },
  });
});

test("a streamed answer has the headers that proxies and clients need", async () => {
  await using app = startApp([scripted(hello)]);

  const response = await app.post(path, { ...user("Hi"), stream: true });
  const chunks = jsonFrames<ChatChunk>(await response.text());

  expect(Object.fromEntries(response.headers)).toMatchObject({
    "content-type": "text/event-stream; charset=utf-8",
    "cache-control": "no-cache",
    "x-accel-buffering": "no",
    "x-request-id": expect.stringMatching(/^req_[0-9a-f]{32}$/),
    "openai-processing-ms": expect.stringMatching(/^\d+$/),
    "openai-version": "2020-10-01",
  });
  expect(chunks.every((chunk) => Value.Check(ChatCompletionChunk, chunk))).toBe(true);
  expect(chatText(chunks)).toBe("Hello");
  expect(new Set(chunks.map(({ id }) => id)).size).toBe(1);
});

test("usage in a stream is sent, and counted, only when asked for", async () => {
  await using app = startApp([scripted(hello)]);

  const without = await (await app.post(path, { ...user("Hi"), stream: true })).text();
  expect(app.tokens.counted).toEqual([]);
  const withUsage = await app.post(path, {
    ...user("Hi"),
    stream: true,
    stream_options: { include_usage: true },
  });
  const chunks = jsonFrames<ChatChunk>(await withUsage.text());

  expect(without).not.toContain("usage");
  expect(chunks.map((chunk) => chunk.usage === null)).toEqual([true, true, true, true, false]);
  expect(chunks.at(-1)).toMatchObject({ choices: [], usage: { completion_tokens: 5 } });
});

test("stream_options of an answer in one piece are ignored", async () => {
  await using app = startApp([scripted(hello)]);

  const response = await app.post(path, {
    ...user("Hi"),
    stream: false,
    stream_options: { include_usage: false },
  });

  expect(await response.json()).toMatchObject({ usage: { completion_tokens: 5 } });
});

test("choices are asked of the backend as it can give them", async () => {
  const backend = scripted((_, call) => [[text(`${call}`), finish()]], { capabilities: { choices: 1 } });
  await using app = startApp([backend]);

  const body = await jsonOf<ChatBody>(await app.post(path, { ...user("Hi"), n: 3 }));

  expect(body.choices.map(({ index, message }) => [index, message.content])).toEqual([
    [0, "0"],
    [1, "1"],
    [2, "2"],
  ]);
});

test("a client of the older form gets a function_call", async () => {
  const backend = scripted([
    [callStart(0, "f"), callDelta(0, "{}"), callStart(1, "g"), finish("tool-calls")],
  ]);
  await using app = startApp([backend]);
  const request = { ...user("Hi"), functions: [{ name: "f" }, { name: "g" }] };

  const body = await jsonOf<ChatBody>(await app.post(path, request));
  const stream = await (await app.post(path, { ...request, stream: true })).text();

  expect(body.choices).toMatchObject([
    {
      message: { content: null, function_call: { name: "f", arguments: "{}" } },
      finish_reason: "function_call",
    },
  ]);
  expect(body.choices[0]?.message).not.toHaveProperty("tool_calls");
  expect(stream).toContain('"finish_reason":"function_call"');
  expect(stream).not.toContain('"g"');
});

describe("the header of ignored fields", () => {
  test("names them in both forms of an answer", async () => {
    await using app = startApp([scripted(hello, { capabilities: { sampling: new Set() } })]);
    const request = { ...user("Hi"), temperature: 0.5, seed: 1, verbosity: "low" };

    for (const stream of [false, true]) {
      const response = await app.post(path, { ...request, stream });
      await response.text();

      expect(response.headers.get("x-oai-serve-ignored-params")).toBe("temperature, seed, verbosity");
    }
  });

  test("is not there when every field has its effect", async () => {
    await using app = startApp([scripted(hello)]);

    const response = await app.post(path, { ...user("Hi"), temperature: 0.5 });

    expect(response.headers.has("x-oai-serve-ignored-params")).toBe(false);
  });
});

describe("an early failure is a status and JSON, streamed or not:", () => {
  const failures: [string, Record<string, unknown>, number, string][] = [
    ["a backend that fails before its first event", {}, 502, "upstream_error"],
    ["an unknown model", { model: "nope" }, 404, "model_not_found"],
    ["what the backend cannot do", { logprobs: true }, 400, "unsupported_parameter"],
    ["a body that the schema does not accept", { temperature: 3 }, 400, "decimal_above_max_value"],
    ["more messages than allowed", { messages: Array(101).fill(0) }, 400, "array_above_max_length"],
  ];
  for (const [what, body, status, code] of failures) {
    for (const stream of [false, true]) {
      test(`${what}, stream ${stream}`, async () => {
        await using app = startApp([scripted([broken], { capabilities: { logprobs: false } })]);

        const response = await app.post(path, { ...user("Hi"), ...body, stream });

        expect(response.status).toBe(status);
        expect(response.headers.get("content-type")).toMatch(/^application\/json/);
        expect(await response.json()).toMatchObject({ error: { code, message: expect.any(String) } });
      });
    }
  }
});

test("a failure in mid-stream is an error frame and [DONE], without finish or usage", async () => {
  await using app = startApp([scripted([[text("a")], broken])]);

  const response = await app.post(path, {
    ...user("Hi"),
    stream: true,
    stream_options: { include_usage: true },
  });
  const frames = jsonFrames(await response.text());

  expect(response.status).toBe(200);
  expect(frames).toHaveLength(3);
  expect(frames.at(-1)).toEqual({
    error: { message: "The backend failed.", type: "server_error", param: null, code: "upstream_error" },
  });
});

test("a slow first token lets the stream begin with the roles, and a failure after that is a frame", async () => {
  const gate = Promise.withResolvers<void>();
  await using app = startApp([scripted([gate.promise, broken])], { headStartMs: 1 });

  const response = await app.post(path, { ...user("Hi"), stream: true, n: 2 });
  gate.resolve();
  const frames = jsonFrames(await response.text());

  expect(response.status).toBe(200);
  expect(frames).toMatchObject([
    { choices: [{ index: 0, delta: { role: "assistant", content: "" } }] },
    { choices: [{ index: 1, delta: { role: "assistant", content: "" } }] },
    { error: { code: "upstream_error" } },
  ]);
});

test("silence in a stream is filled with comments, never before the first frame", async () => {
  const gate = Promise.withResolvers<void>();
  await using app = startApp([scripted([gate.promise, ...hello])], { headStartMs: 1, keepAliveMs: 5 });

  const response = await app.post(path, { ...user("Hi"), stream: true });
  let stream = "";
  const decoder = new TextDecoder();
  for await (const bytes of response.body ?? []) {
    stream += decoder.decode(bytes, { stream: true });
    if (stream.includes(": keep-alive\n\n: keep-alive\n\n")) gate.resolve();
  }

  expect(stream.startsWith('data: {"id"')).toBe(true);
  const chunks = jsonFrames<ChatChunk>(stream.replaceAll(": keep-alive\n\n", ""));
  expect(chatText(chunks)).toBe("Hello");
});

for (const stream of [false, true]) {
  test(`a client that leaves aborts the backend at once, stream ${stream}`, async () => {
    const backend = scripted([[text("a")], silence]);
    await using app = startApp([backend]);
    const client = new AbortController();
    const answer = app
      .post(path, { ...user("Hi"), stream }, { signal: client.signal })
      .then((response) => response.text())
      .catch((error: unknown) => error);
    const call = await backend.firstCall;

    client.abort();

    await call.ended;
    expect(call.context.signal.reason).toMatchObject({ kind: "canceled" });
    expect(await answer).toMatchObject({ name: "AbortError" });
  });
}

test("a busy server answers 503 with a time to retry after", async () => {
  const gate = Promise.withResolvers<void>();
  const backend = scripted([gate.promise, [finish()]]);
  await using app = startApp([backend], { limits: { maxConcurrency: 1, maxQueue: 0 } });
  const first = app.post(path, user("Hi"));
  await backend.firstCall;

  const refused = await app.post(path, user("Hi"));
  gate.resolve();

  expect(refused.status).toBe(503);
  expect(refused.headers.get("retry-after")).toBe("1");
  expect(await refused.json()).toMatchObject({
    error: { code: "server_is_overloaded", type: "server_error" },
  });
  expect((await first).status).toBe(200);
});

test("fields that are not OpenAI's reach the backend as they came", async () => {
  const extra = {
    documents: [{ title: "A", text: "b" }],
    chat_template_kwargs: { enable_thinking: false },
    structured_outputs: { regex: "a+" },
    guided_json: { type: "object" },
    min_p: 0.1,
    repetition_penalty: 1.1,
    ignore_eos: false,
    stop_token_ids: [1, 2],
    verbosity: "low",
  };
  const backend = scripted(hello, { capabilities: { extra: new Set(Object.keys(extra)) } });
  await using app = startApp([backend]);

  const response = await app.post(path, { ...user("Hi"), ...extra, user: "me", unset: null });

  expect(response.status).toBe(200);
  expect(response.headers.has("x-oai-serve-ignored-params")).toBe(false);
  expect({ ...backend.seen[0]?.extra }).toEqual(extra);
});
