import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { nodeGenerations } from "../support/clients/node.ts";
import { PythonError, pythonGenerations, startPython, type PythonClient } from "../support/clients/python.ts";
import { errorOf, expectError, expectNoBackendDetail } from "../support/expectations.ts";
import type { ChatBody, ChatChunk } from "../support/openai-wire.ts";
import { chatText, user } from "../support/openai-wire.ts";
import { describeBlackBox } from "../support/prerequisites.ts";
import { post, postStream } from "../support/wire.ts";
import { startBed, type Bed } from "./bed.ts";

describeBlackBox("E. Chat, streaming", () => {
  let bed: Bed;
  beforeAll(async () => {
    bed = await startBed();
  });
  afterAll(() => bed.stop());

  const stream = (body: Record<string, unknown>) =>
    postStream<ChatChunk>(`${bed.url}/chat/completions`, { model: "echo", ...user("a b c"), ...body });

  test("72: the frames and headers are the strictest client's", async () => {
    const { headers, text, comments } = await stream({});

    expect(headers.get("content-type")).toBe("text/event-stream; charset=utf-8");
    expect(headers.get("cache-control")).toContain("no-cache");
    expect(headers.get("x-accel-buffering")).toBe("no");
    expect(headers.get("content-encoding")).toBeNull();
    expect(comments).toBe(0);
    expect(text).not.toMatch(/^(event|id|retry):/m);
    expect(text.split("data: [DONE]")).toEqual([expect.any(String), "\n\n"]);
  });

  test("73: role, content, finish, in that order and under one id", async () => {
    const { chunks } = await stream({});

    const choices = chunks.map((chunk) => chunk.choices[0]);
    expect(choices[0]).toEqual({
      index: 0,
      delta: { role: "assistant", content: "", refusal: null },
      logprobs: null,
      finish_reason: null,
    });
    expect(choices.slice(1, -1)).toEqual(
      ["a ", "b ", "c"].map((content) => ({
        index: 0,
        delta: { content },
        logprobs: null,
        finish_reason: null,
      })),
    );
    expect(choices.at(-1)).toEqual({ index: 0, delta: {}, logprobs: null, finish_reason: "stop" });
    expect(chunks[0]?.id).toMatch(/^chatcmpl-/);
    for (const chunk of chunks) {
      expect(chunk).toMatchObject({
        id: chunks[0]?.id,
        created: chunks[0]?.created,
        object: "chat.completion.chunk",
        model: "echo",
      });
    }
  });

  test("74: usage is absent unless it is asked for, and no chunk is without a choice", async () => {
    const { chunks } = await stream({});

    expect(chunks.filter((chunk) => "usage" in chunk)).toEqual([]);
    expect(chunks.filter((chunk) => chunk.choices.length !== 1)).toEqual([]);
  });

  test("75: usage comes last, alone, and is what the answer without stream says", async () => {
    const { json } = await post<ChatBody>(`${bed.url}/chat/completions`, { model: "echo", ...user("a b c") });

    const { chunks } = await stream({ stream_options: { include_usage: true } });

    expect(chunks.slice(0, -1).map((chunk) => chunk.usage)).toEqual(chunks.slice(0, -1).map(() => null));
    expect(chunks.at(-1)).toMatchObject({ choices: [], usage: json.usage });
  });

  test("75: usage is sent after a finish by length, too", async () => {
    const { chunks } = await stream({
      model: "endless",
      max_tokens: 5,
      stream_options: { include_usage: true },
    });

    expect(chunks.at(-2)?.choices[0]).toMatchObject({ delta: {}, finish_reason: "length" });
    expect(chunks.at(-1)?.usage).toMatchObject({ completion_tokens: 5 });
  });

  for (const include_obfuscation of [true, false]) {
    test(`76: include_obfuscation ${include_obfuscation} is accepted`, async () => {
      const { chunks } = await stream({ stream_options: { include_obfuscation } });

      expect(chatText(chunks)).toBe("a b c");
    });
  }

  test("77: stream_options without stream is accepted", async () => {
    const answer = await post<ChatBody>(`${bed.url}/chat/completions`, {
      model: "echo",
      ...user("a"),
      stream: false,
      stream_options: { include_usage: true },
    });

    expect(answer.status).toBe(200);
    expect(answer.json.object).toBe("chat.completion");
  });

  test("78: two choices have a role, a text and a finish each, one choice a chunk", async () => {
    const { chunks } = await stream({ n: 2 });

    expect(chunks.filter((chunk) => chunk.choices.length !== 1)).toEqual([]);
    for (const index of [0, 1]) {
      const choices = chunks.flatMap((chunk) => chunk.choices).filter((choice) => choice.index === index);
      expect(choices.filter(({ delta }) => delta.role === "assistant")).toHaveLength(1);
      expect(choices.filter(({ finish_reason }) => finish_reason !== null)).toHaveLength(1);
      expect(choices[0]?.delta.role).toBe("assistant");
      expect(choices.at(-1)?.finish_reason).toBe("stop");
      expect(chatText(chunks, index)).toBe("a b c");
    }
  });

  test("37: a stop text is not streamed, not even its beginning", async () => {
    const { chunks } = await stream({ model: "endless", stop: ["w2 w3"] });

    expect(chatText(chunks)).toBe("w0 w1 ");
    expect(chunks.at(-1)?.choices[0]?.finish_reason).toBe("stop");
  });

  test("82: characters that tokens split are whole in every frame", async () => {
    const { chunks, text } = await stream({ model: "utf8" });

    expect(chatText(chunks)).toBe("héllo 👩‍🚀 世界");
    expect(text).not.toContain("\ufffd");
    for (const chunk of chunks) expect(chunk.choices[0]?.delta.content?.isWellFormed() ?? true).toBe(true);
  });

  test("83: a failure after the first token is an error frame and a clean end", async () => {
    const { chunks, text } = await stream({ model: "failmid", stream_options: { include_usage: true } });

    const last = chunks.at(-1);
    expect(chatText(chunks)).toBe("one two ");
    expect(errorOf(last)).toMatchObject({ type: "server_error", code: "upstream_error" });
    expect(
      chunks.slice(0, -1).some((chunk) => chunk.choices.some((choice) => choice.finish_reason !== null)),
    ).toBe(false);
    expect(chunks.some((chunk) => chunk.usage != null)).toBe(false);
    expectNoBackendDetail(text);
  });

  for (const [model, status, code] of [
    ["fail", 503, "upstream_unavailable"],
    ["badarg", 400, "upstream_invalid_argument"],
    ["zero", 502, "upstream_error"],
  ] as const) {
    test(`84: ${model} with stream is the status ${status}`, async () => {
      const answer = await post(`${bed.url}/chat/completions`, { model, ...user("hi"), stream: true });

      expectError(answer, { status, code });
      expectNoBackendDetail(answer.text);
    });
  }

  for (const { name, OpenAI, connect } of nodeGenerations) {
    describe(name, () => {
      const messages = [{ role: "user" as const, content: "a b c" }];

      test("73: reads the stream", async () => {
        let text = "";
        for await (const chunk of await connect(bed.url).chat.completions.create({
          model: "echo",
          messages,
          stream: true,
        })) {
          text += chunk.choices[0]?.delta.content ?? "";
        }

        expect(text).toBe("a b c");
      });

      test("83: throws APIError with the code", async () => {
        const chunks = await connect(bed.url).chat.completions.create({
          model: "failmid",
          messages,
          stream: true,
        });

        const error = await Array.fromAsync(chunks).catch((thrown: unknown) => thrown);

        expect(error).toBeInstanceOf(OpenAI.APIError);
        expect(error).toMatchObject({ code: "upstream_error", type: "server_error" });
      });

      test("88: its stream helper puts the completion together", async () => {
        const completion = await connect(bed.url)
          .chat.completions.stream({ model: "echo", messages, stream_options: { include_usage: true } })
          .finalChatCompletion();

        expect(completion.choices[0]).toMatchObject({ message: { content: "a b c" }, finish_reason: "stop" });
        expect(completion.usage?.total_tokens).toBeGreaterThan(0);
      });
    });
  }

  for (const generation of pythonGenerations) {
    describe(`openai-python ${generation}`, () => {
      let python: PythonClient;
      beforeAll(async () => {
        python = await startPython(generation);
      });
      afterAll(() => python.stop());
      const messages = user("a b c").messages;

      test("73: reads the stream", async () => {
        const chunks = await python.run<ChatChunk[]>({
          baseUrl: bed.url,
          call: "chat.completions.create",
          arguments: { model: "echo", messages, stream: true },
          mode: "items",
        });

        expect(chatText(chunks)).toBe("a b c");
      });

      test("83: throws APIError with the code", async () => {
        const thrown = await python
          .run({
            baseUrl: bed.url,
            call: "chat.completions.create",
            arguments: { model: "failmid", messages, stream: true },
            mode: "items",
          })
          .catch((error: unknown) => error);

        expect(thrown).toBeInstanceOf(PythonError);
        expect(thrown).toMatchObject({
          name: "APIError",
          details: { code: "upstream_error", type: "server_error" },
        });
      });

      test("88: its stream helper puts the completion together", async () => {
        const { final } = await python.run<{ final: ChatBody }>({
          baseUrl: bed.url,
          call: "chat.completions.stream",
          arguments: { model: "echo", messages },
          mode: "helper",
        });

        expect(final.choices[0]).toMatchObject({ message: { content: "a b c" }, finish_reason: "stop" });
      });
    });
  }
});
