import { describe, expect, test } from "bun:test";
import { Value } from "@sinclair/typebox/value";
import type { Message as MessageBody } from "@anthropic-ai/sdk/resources/messages";
import { Message } from "../../../src/api/messages/answer-schema.ts";
import { ServeError } from "../../../src/core/error.ts";
import { jsonOf, startApp } from "../../support/app.ts";
import { callDelta, callStart, finish, text, usage } from "../../support/events.ts";
import { messageEvents } from "../../support/message-events.ts";
import { scripted, silence } from "../../support/scripted.ts";

const path = "/v1/messages";
const hello = { max_tokens: 9, messages: [{ role: "user", content: "Hi" }] };
const answer = [[text("Hel")], [text("lo"), finish()]];

test("an answer in one piece is a message", async () => {
  await using app = startApp([scripted([...answer, [usage(7, 3)]])]);

  const response = await app.post(path, hello);
  const body = await jsonOf<MessageBody>(response);

  expect(response.status).toBe(200);
  expect(Value.Check(Message, body)).toBe(true);
  expect(body).toMatchObject({
    id: expect.stringMatching(/^msg_[A-Za-z0-9]{24}$/),
    model: "scripted",
    content: [{ type: "text", text: "Hello" }],
    usage: { input_tokens: 7, output_tokens: 3 },
  });
});

test("a stream tells what was counted at its start, and what the backend says at its end", async () => {
  await using app = startApp([scripted([...answer, [usage(70, 3)]])]);

  const { input_tokens: counted } = await jsonOf<{ input_tokens: number }>(
    await app.post(`${path}/count_tokens`, hello),
  );
  const events = messageEvents(await (await app.post(path, { ...hello, stream: true })).text());

  expect(events[0]?.data).toMatchObject({ message: { usage: { input_tokens: counted, output_tokens: 0 } } });
  expect(events.at(-2)?.data).toMatchObject({ usage: { input_tokens: 70, output_tokens: 3 } });
});

test("a stream begins without the backend when it is late, and pings while it is silent", async () => {
  await using app = startApp([scripted([silence])], { headStartMs: 1, keepAliveMs: 5 });
  const controller = new AbortController();

  const response = await app.post(path, { ...hello, stream: true }, { signal: controller.signal });
  const reader = response.body?.getReader();
  let received = "";
  while (received.split("event: ping").length < 4) {
    received += new TextDecoder().decode((await reader?.read())?.value);
  }
  controller.abort();

  expect(received).toMatch(
    /^event: message_start\ndata: .*\n\n(event: ping\ndata: \{"type":"ping"\}\n\n){3,}$/,
  );
});

test("a failure before the first event is a status, after it the last event", async () => {
  const broken = new ServeError("upstream", "The backend failed.", { code: "upstream_error" });
  await using early = startApp([scripted([broken])]);
  await using late = startApp([scripted([[text("a")], broken])]);

  const refused = await early.post(path, { ...hello, stream: true });
  const streamed = await late.post(path, { ...hello, stream: true });
  const events = messageEvents(await streamed.text());

  expect(refused.status).toBe(502);
  expect(await refused.json()).toMatchObject({ type: "error", error: { type: "api_error" } });
  expect(events.map(({ event }) => event)).toEqual([
    "message_start",
    "ping",
    "content_block_start",
    "content_block_delta",
    "error",
  ]);
  expect(events.at(-1)?.data).toEqual({
    type: "error",
    error: { type: "api_error", message: "The backend failed." },
    request_id: streamed.headers.get("request-id") ?? "",
  });
});

describe("what has no effect", () => {
  const body = {
    ...hello,
    top_k: 5,
    thinking: { type: "enabled", budget_tokens: 1_024 },
    container: "c",
    unknown: 1,
    tools: [{ type: "web_search_20250305", name: "web_search" }],
  };
  const capabilities = { sampling: new Set<never>(), reasoningEffort: false };

  test("is named by the names that the client uses", async () => {
    await using app = startApp([scripted(answer, { capabilities })]);

    const { headers } = await app.post(path, body);

    expect(headers.get("x-oai-serve-ignored-params")).toBe(
      "tools.web_search_20250305, container, top_k, thinking, unknown",
    );
  });

  for (const [name, more] of [
    ["tools.web_search_20250305", {}],
    ["container", { tools: [] }],
    ["unknown", { tools: [], container: null }],
    ["top_k", { tools: [], container: null, unknown: null }],
    ["thinking", { tools: [], container: null, unknown: null, top_k: null }],
  ] as const) {
    test(`is refused when the server is strict, ${name} first`, async () => {
      await using app = startApp([scripted(answer, { capabilities })], { strict: true });

      const response = await app.post(path, { ...body, ...more });

      expect(response.status).toBe(400);
      expect(await response.json()).toMatchObject({
        error: { type: "invalid_request_error", message: expect.stringContaining(`'${name}'`) },
      });
    });
  }
});

test("a stop sequence is named, whatever the backend would do with it", async () => {
  const backend = scripted([[text("one END two"), finish()]], { capabilities: { cutsStop: true } });
  await using app = startApp([backend]);

  const body = await jsonOf<MessageBody>(await app.post(path, { ...hello, stop_sequences: ["END"] }));

  expect(body).toMatchObject({
    content: [{ type: "text", text: "one " }],
    stop_reason: "stop_sequence",
    stop_sequence: "END",
  });
});

test("one call at most, where the client takes no more", async () => {
  const calls = [
    callStart(0, "f"),
    callDelta(0, "{}"),
    callStart(1, "f"),
    callDelta(1, "{}"),
    finish("tool-calls"),
  ];
  await using app = startApp([scripted([calls])]);

  const body = await jsonOf<MessageBody>(
    await app.post(path, {
      ...hello,
      tools: [{ name: "f", input_schema: { type: "object" } }],
      tool_choice: { type: "auto", disable_parallel_tool_use: true },
    }),
  );

  expect(body.content.map(({ type }) => type)).toEqual(["tool_use"]);
});

test("too many messages are refused before they are looked at", async () => {
  await using app = startApp([scripted(answer)]);

  const response = await app.post(path, { ...hello, messages: Array.from({ length: 101 }, () => 5) });

  expect(await response.json()).toMatchObject({
    error: { message: "'messages' must have at most 100 items." },
  });
});

test("tokens are counted without a call of the backend", async () => {
  const backend = scripted(answer);
  await using app = startApp([backend]);

  const { max_tokens: _, ...body } = hello;
  const response = await app.post(`${path}/count_tokens`, { ...body, system: "Be brief." });

  expect(await response.json()).toEqual({ input_tokens: expect.any(Number) });
  expect(backend.calls).toEqual([]);
});
