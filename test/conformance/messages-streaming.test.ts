import { afterAll, beforeAll, expect, test } from "bun:test";
import { startUpstreamBed, type UpstreamBed } from "../e2e/upstreams/bed.ts";
import { messageEvents } from "../support/message-events.ts";
import { hello, postMessage, streamMessage, textOf } from "../support/message-wire.ts";
import { describeBlackBox } from "../support/prerequisites.ts";
import type { UpstreamAnswer } from "../support/upstream/upstream.ts";
import { readFrames } from "../support/wire.ts";
import { startBedWith, type Bed } from "./bed.ts";

const stream = { head_start: "200ms", keep_alive: "100ms" };
const look = { name: "look", input_schema: { type: "object", properties: { city: { type: "string" } } } };

function begin(
  url: string,
  body: Readonly<Record<string, unknown>>,
  signal?: AbortSignal,
): Promise<Response> {
  return fetch(`${url}/v1/messages`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ ...hello, ...body, stream: true }),
    ...(signal !== undefined && { signal }),
  });
}

describeBlackBox("Messages as a stream, in front of AnyServe", () => {
  let bed: Bed;
  beforeAll(async () => {
    bed = await startBedWith(
      { echo: {}, utf8: {}, gated: {}, endless: {}, failmid: {}, hang: { after: 0 } },
      { config: { stream } },
    );
  });
  afterAll(() => bed.stop());
  const url = () => bed.gateway.url;

  test("M-21: the events come in their order, each with its own form", async () => {
    const messages = [{ role: "user", content: "one two" }];

    const { events, headers, text } = await streamMessage(url(), { model: "echo", messages });

    expect(headers.get("content-type")).toBe("text/event-stream; charset=utf-8");
    expect(text).not.toContain("[DONE]");
    expect(events.map(({ data }) => data)).toEqual([
      {
        type: "message_start",
        message: expect.objectContaining({
          id: expect.stringMatching(/^msg_[A-Za-z0-9]{24}$/),
          type: "message",
          role: "assistant",
          model: "echo",
          content: [],
          stop_reason: null,
          stop_sequence: null,
        }),
      },
      { type: "ping" },
      { type: "content_block_start", index: 0, content_block: { type: "text", text: "", citations: null } },
      { type: "content_block_delta", index: 0, delta: { type: "text_delta", text: "one " } },
      { type: "content_block_delta", index: 0, delta: { type: "text_delta", text: "two" } },
      { type: "content_block_stop", index: 0 },
      {
        type: "message_delta",
        delta: { container: null, stop_reason: "end_turn", stop_sequence: null, stop_details: null },
        usage: expect.objectContaining({ output_tokens: 2, cache_read_input_tokens: 0 }),
      },
      { type: "message_stop" },
    ]);
  });

  test("M-22: characters that come in pieces are whole", async () => {
    const { events } = await streamMessage(url(), { model: "utf8" });
    const { json } = await postMessage(url(), { model: "utf8" });

    const pieces = events.map(({ data }) =>
      data.type === "content_block_delta" && data.delta.type === "text_delta" ? data.delta.text : "",
    );
    expect(pieces.join("")).toBe("héllo 👩‍🚀 世界");
    expect(textOf(json)).toBe("héllo 👩‍🚀 世界");
  });

  test("M-15: a stop sequence is in the end of the stream", async () => {
    const messages = [{ role: "user", content: "one END two" }];

    const { events } = await streamMessage(url(), { model: "echo", messages, stop_sequences: ["END"] });

    expect(events.at(-2)?.data).toMatchObject({
      delta: { stop_reason: "stop_sequence", stop_sequence: "END" },
    });
  });

  test("M-23: a late answer begins ahead of its first token, and pings until it comes", async () => {
    const response = await begin(url(), { model: "gated" });
    const frames = readFrames(response);
    const names: string[] = [];
    for await (const frame of frames) {
      const name = /^event: (\w+)/.exec(frame)?.[1] ?? frame;
      names.push(name);
      if (names.length === 4) await bed.anyserve.release("gated", 1);
      if (name === "message_stop") break;
    }

    expect(names.slice(0, 4)).toEqual(["message_start", "ping", "ping", "ping"]);
    expect(names.filter((name) => name !== "ping")).toEqual([
      "message_start",
      "content_block_start",
      "content_block_delta",
      "content_block_stop",
      "message_delta",
      "message_stop",
    ]);
  });

  test("M-24: the start has the input tokens, the end the whole usage", async () => {
    const body = { model: "echo", messages: [{ role: "user", content: "one two three" }] };
    const { json } = await postMessage(url(), body);

    const { events } = await streamMessage(url(), body);

    const { input_tokens, output_tokens } = json.usage;
    expect(events[0]?.data).toMatchObject({ message: { usage: { input_tokens, output_tokens: 0 } } });
    expect(events.at(-2)?.data).toMatchObject({ usage: { input_tokens, output_tokens } });
  });

  test("M-25: a failure on the way is the last event, and tells nothing of the backend", async () => {
    const { events, text, headers } = await streamMessage(url(), { model: "failmid" });

    expect(events.at(-1)?.data).toEqual({
      type: "error",
      error: { type: "api_error", message: expect.any(String) },
      request_id: headers.get("request-id") ?? "",
    });
    expect(events.filter(({ event }) => event === "message_stop")).toEqual([]);
    expect(text).not.toMatch(/10\.20\.30\.40|secret\.gguf/);
  });

  for (const [what, model, frames] of [
    ["in the middle of a stream", "endless", 5],
    ["that has not begun", "hang", 0],
  ] as const) {
    test(`M-26: a client that leaves ${what} ends the backend's call`, async () => {
      const controller = new AbortController();
      const beginning = begin(url(), { model }, controller.signal);
      if (frames > 0) {
        const read = readFrames(await beginning);
        for (let count = 0; count < frames; count++) await read.next();
      } else {
        await bed.anyserve.waitFor({ backend: model, outcome: "running" }, { count: 1 });
      }
      controller.abort();
      await beginning.catch(() => {});

      expect(await bed.anyserve.waitFor({ backend: model, outcome: "cancelled" }, { count: 1 })).toHaveLength(
        1,
      );
    });
  }
});

describeBlackBox("Messages as a stream, in front of a server that takes everything", () => {
  let bed: UpstreamBed;
  let answer: UpstreamAnswer;
  beforeAll(async () => {
    bed = await startUpstreamBed(() => answer);
  });
  afterAll(() => bed.stop());

  test("M-22: thoughts, texts and calls come block by block", async () => {
    answer = {
      reasoning: "Hm.",
      text: ["I ", "look."],
      toolCalls: [
        { id: "call_1", name: "look", arguments: { city: "Łódź" } },
        { id: "call_2", name: "look", arguments: "" },
      ],
    };

    const { events } = await streamMessage(bed.gateway.url, { tools: [look] });

    const blocks = events.map(({ data }) => data).filter(({ type }) => type.startsWith("content_block"));
    expect(blocks).toEqual([
      {
        type: "content_block_start",
        index: 0,
        content_block: { type: "thinking", thinking: "", signature: "" },
      },
      { type: "content_block_delta", index: 0, delta: { type: "thinking_delta", thinking: "Hm." } },
      {
        type: "content_block_delta",
        index: 0,
        delta: { type: "signature_delta", signature: expect.stringMatching(/./) },
      },
      { type: "content_block_stop", index: 0 },
      { type: "content_block_start", index: 1, content_block: { type: "text", text: "", citations: null } },
      { type: "content_block_delta", index: 1, delta: { type: "text_delta", text: "I " } },
      { type: "content_block_delta", index: 1, delta: { type: "text_delta", text: "look." } },
      { type: "content_block_stop", index: 1 },
      {
        type: "content_block_start",
        index: 2,
        content_block: {
          type: "tool_use",
          id: "call_1",
          name: "look",
          input: {},
          caller: { type: "direct" },
        },
      },
      {
        type: "content_block_delta",
        index: 2,
        delta: { type: "input_json_delta", partial_json: '{"city":"Łódź"}' },
      },
      { type: "content_block_stop", index: 2 },
      {
        type: "content_block_start",
        index: 3,
        content_block: {
          type: "tool_use",
          id: "call_2",
          name: "look",
          input: {},
          caller: { type: "direct" },
        },
      },
      { type: "content_block_delta", index: 3, delta: { type: "input_json_delta", partial_json: "{}" } },
      { type: "content_block_stop", index: 3 },
    ]);
    expect(events.at(-2)?.data).toMatchObject({ delta: { stop_reason: "tool_use" } });
  });

  test("M-18: thoughts that are not wanted are not in the stream", async () => {
    answer = { reasoning: "secret", text: "So." };

    const { text } = await streamMessage(bed.gateway.url, { thinking: { type: "disabled" } });

    expect(text).not.toContain("secret");
    expect(text).not.toContain("thinking_delta");
  });

  test("M-24: the end has the backend's own count", async () => {
    answer = { text: "Hello", usage: { prompt_tokens: 70, completion_tokens: 5 } };

    const { events } = await streamMessage(bed.gateway.url);

    expect(events.at(-2)?.data).toMatchObject({ usage: { input_tokens: 70, output_tokens: 5 } });
  });

  test("M-25: a server that drops the connection is an error in the stream", async () => {
    answer = {
      chunks: [
        { id: "a", object: "chat.completion.chunk", choices: [{ index: 0, delta: { content: "one" } }] },
      ],
      done: false,
      ending: "drop",
    };

    const response = await begin(bed.gateway.url, {});
    const events = messageEvents(await response.text());

    expect(events.at(-1)?.event).toBe("error");
  });
});
