import type { Message } from "@anthropic-ai/sdk/resources/messages";
import { afterAll, beforeAll, beforeEach, expect, test } from "bun:test";
import { failureOf } from "../support/clients/failure.ts";
import { type PythonCalls, startPythonCalls } from "../support/clients/python-calls.ts";
import { describePackages } from "../support/prerequisites.ts";
import { content, errorTypes, everything, hello, look, overloaded, useBed } from "./message-clients.ts";

describePackages(["anthropic"], "M-51: anthropic for Python", () => {
  const bed = useBed();
  let python: PythonCalls;
  beforeAll(() => {
    python = startPythonCalls("anthropic_calls.py", "anthropic");
  });
  afterAll(() => python.stop());
  beforeEach(() => bed.answer({ text: "Hello" }));

  const run = <Value>(name: string, body: object = {}, options: object = {}) =>
    python.call<Value>(name, { base_url: bed.url(), body: { ...hello, ...body }, ...options });

  for (const name of ["create", "create_async"]) {
    test(name, async () => {
      bed.answer(everything);

      const message = await run<Message>(name, { tools: [look] });

      expect(message).toMatchObject({ content, stop_reason: "tool_use", usage: { output_tokens: 3 } });
    });
  }

  test("stream, with its events and the final message", async () => {
    bed.answer(everything);

    const { events, message } = await run<{ events: string[]; message: Message }>("stream_events", {
      tools: [look],
    });

    expect(message).toMatchObject({ content, stop_reason: "tool_use" });
    for (const type of [
      "thinking",
      "signature",
      "text",
      "input_json",
      "content_block_stop",
      "message_stop",
    ]) {
      expect(events).toContain(type);
    }
  });

  test("create with a stream", async () => {
    const events = await run<{ type: string }[]>("raw_events");

    expect(events.map(({ type }) => type)).toEqual([
      "message_start",
      "content_block_start",
      "content_block_delta",
      "content_block_stop",
      "message_delta",
      "message_stop",
    ]);
  });

  test("count_tokens", async () => {
    const { max_tokens: _, ...body } = hello;

    const counted = await python.call<number>("count", { base_url: bed.url(), body });

    expect(counted).toBeGreaterThan(0);
  });

  test("M-41: models, page by page, and one by its id", async () => {
    const { listed, one } = await run<{ listed: string[]; one: object }>("models");

    expect(listed.toSorted()).toEqual(["gpt-4o-mini", "other"]);
    expect(one).toMatchObject({ type: "model", id: listed[0], lifecycle: "active" });
  });

  for (const [name, status, answer] of [
    ["BadRequestError", 400, undefined],
    ["NotFoundError", 404, undefined],
    ["RateLimitError", 429, { whole: { error: { message: "Slow.", code: null } }, status: 429 }],
    ["InternalServerError", 502, { whole: { error: { message: "Broken." } }, status: 500 }],
    ["OverloadedError", 529, overloaded],
  ] as const) {
    test(`${status} is a ${name}, with its type and its id`, async () => {
      if (answer !== undefined) bed.answer(answer);

      const failure = await failureOf(
        run("create", {
          ...(status === 400 && { stop_sequences: [5] }),
          ...(status === 404 && { model: "nobody" }),
        }),
      );

      expect(failure.classes).toContain(name);
      expect(failure).toMatchObject({
        status,
        type: errorTypes[status],
        requestId: expect.stringMatching(/^req_/),
      });
    });
  }

  test("M-34: 529 is tried again", async () => {
    bed.answer(overloaded, { text: "Hello" });

    const message = await run<Message>("create", {}, { max_retries: 1 });

    expect(message.content).toMatchObject([{ type: "text", text: "Hello" }]);
  });

  test("a failure in a stream is an APIError with its message", async () => {
    bed.answer({
      chunks: [{ choices: [{ index: 0, delta: { content: "one" } }] }],
      ending: "drop",
      done: false,
    });

    const failure = await failureOf(run("stream_events"));

    expect(failure.classes).toContain("APIError");
    expect(failure.message).toContain("api_error");
  });
});
