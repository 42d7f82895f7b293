import Anthropic, { APIError } from "@anthropic-ai/sdk";
import { betaZodTool } from "@anthropic-ai/sdk/helpers/beta/zod";
import { zodOutputFormat } from "@anthropic-ai/sdk/helpers/zod";
import { beforeEach, expect, test } from "bun:test";
import { z } from "zod";
import { nodeGenerations } from "../support/clients/node.ts";
import { failureOf } from "../support/clients/failure.ts";
import { describeBlackBox } from "../support/prerequisites.ts";
import { content, errorTypes, everything, hello, look, overloaded, useBed } from "./message-clients.ts";

const place = z.object({ city: z.string() });
const image = {
  type: "image" as const,
  source: { type: "base64" as const, media_type: "image/png" as const, data: "iVBORw0KGgo=" },
};
const [firstOpenai] = nodeGenerations;

describeBlackBox("M-50: @anthropic-ai/sdk", () => {
  const bed = useBed();
  const client = (options: ConstructorParameters<typeof Anthropic>[0] = {}) =>
    new Anthropic({ baseURL: bed.url(), apiKey: "unused", maxRetries: 0, ...options });
  beforeEach(() => bed.answer({ text: "Hello" }));

  test("create", async () => {
    const { data, request_id: id } = await client().messages.create(hello).withResponse();

    expect(data.content).toMatchObject([{ type: "text", text: "Hello" }]);
    expect(id).toMatch(/^req_/);
  });

  test("create with a stream", async () => {
    bed.answer(everything);
    const types: string[] = [];

    for await (const event of await client().messages.create({ ...hello, stream: true }))
      types.push(event.type);

    expect(new Set(types)).toEqual(
      new Set([
        "message_start",
        "content_block_start",
        "content_block_delta",
        "content_block_stop",
        "message_delta",
        "message_stop",
      ]),
    );
  });

  test("stream, with all its events and the final message", async () => {
    bed.answer(everything);
    const seen: Record<string, unknown[]> = { text: [], thinking: [], inputJson: [], signature: [] };
    const stream = client().messages.stream({ ...hello, tools: [look] });
    stream.on("text", (piece) => seen["text"]?.push(piece));
    stream.on("thinking", (piece) => seen["thinking"]?.push(piece));
    stream.on("inputJson", (_piece, input) => seen["inputJson"]?.push(input));
    stream.on("signature", (signature) => seen["signature"]?.push(signature));

    const message = await stream.finalMessage();

    expect(message).toMatchObject({ content, stop_reason: "tool_use" });
    expect(seen).toEqual({
      text: ["I ", "look."],
      thinking: ["Hm."],
      inputJson: [{ city: "Łódź" }],
      signature: [expect.stringMatching(/./)],
    });
  });

  test("the streamed message is the whole message", async () => {
    bed.answer(everything);
    const body = { ...hello, tools: [look] };

    const whole = await client().messages.create(body);
    const { parsed_output: _parsed, ...streamed } = await client().messages.stream(body).finalMessage();

    expect(JSON.parse(JSON.stringify({ ...streamed, id: "" }))).toEqual(
      JSON.parse(JSON.stringify({ ...whole, id: "" })),
    );
  });

  test("beta.messages, with betas in a header and in the query", async () => {
    const message = await client().beta.messages.create({
      ...hello,
      messages: [{ role: "user", content: "Hi" }],
      betas: ["interleaved-thinking-2025-05-14"],
    });

    expect(message.content).toMatchObject([{ type: "text", text: "Hello" }]);
  });

  test("parse, by a schema of zod", async () => {
    bed.answer({ text: '{"city":"Łódź"}' });

    const message = await client().messages.parse({
      ...hello,
      output_config: { format: zodOutputFormat(place) },
    });

    expect(message.parsed_output).toEqual({ city: "Łódź" });
  });

  for (const stream of [false, true]) {
    test(`toolRunner, stream ${stream}, runs the tool and gets the answer`, async () => {
      bed.answer(everything, { text: "It is sunny." });
      const cities: string[] = [];
      const tool = betaZodTool({
        name: "look",
        description: "Looks.",
        inputSchema: place,
        run: ({ city }) => {
          cities.push(city);
          return `sunny in ${city}`;
        },
      });

      const message = await client()
        .beta.messages.toolRunner({
          model: hello.model,
          max_tokens: 100,
          messages: [{ role: "user", content: "Weather?" }],
          tools: [tool],
          stream,
        })
        .runUntilDone();

      expect(message.content).toMatchObject([{ type: "text", text: "It is sunny." }]);
      expect(cities).toEqual(["Łódź"]);
      expect(bed.started().upstream.calls.at(-1)?.body["messages"]).toEqual([
        { role: "user", content: "Weather?" },
        {
          role: "assistant",
          content: "I look.",
          tool_calls: [
            { id: "call_1", type: "function", function: { name: "look", arguments: '{"city":"Łódź"}' } },
          ],
        },
        { role: "tool", tool_call_id: "call_1", content: "sunny in Łódź" },
      ]);
    });
  }

  test("images", async () => {
    await client().messages.create({ ...hello, messages: [{ role: "user", content: [image] }] });

    expect(JSON.stringify(bed.started().upstream.calls.at(-1)?.body)).toContain("data:image/png;base64,");
  });

  test("countTokens", async () => {
    const { input_tokens: counted } = await client().messages.countTokens({
      model: hello.model,
      messages: hello.messages,
    });

    expect(counted).toBeGreaterThan(0);
  });

  test("abort ends the call at the backend", async () => {
    bed.answer({ chunks: [{ choices: [{ index: 0, delta: { content: "one" } }] }], ending: "hang" });
    const aborts = bed.started().upstream.calls.length;
    const stream = client().messages.stream(hello);
    stream.once("text", () => stream.abort());

    const failure = await failureOf(stream.finalMessage());

    expect(failure.classes).toContain("APIUserAbortError");
    await bed.started().upstream.calls[aborts]?.aborted;
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
      const body = {
        ...hello,
        ...(status === 400 && { temperature: 99 }),
        ...(status === 404 && { model: "nobody" }),
      };

      const thrown = await client()
        .messages.create(body)
        .catch((error: unknown) => error);

      if (!(thrown instanceof APIError)) throw new Error("It did not fail as expected.");
      expect(thrown.constructor.name).toBe(name);
      expect(thrown).toMatchObject({ status, requestID: expect.stringMatching(/^req_/) });
      expect<string | null>(thrown.type).toBe(errorTypes[status]);
    });
  }

  test("a failure in a stream is an APIError with its type", async () => {
    bed.answer({
      chunks: [{ choices: [{ index: 0, delta: { content: "one" } }] }],
      ending: "drop",
      done: false,
    });

    const failure = await failureOf(client().messages.stream(hello).finalMessage());

    expect(failure.classes).toContain("APIError");
    expect(failure.type).toBe("api_error");
  });

  test("M-34: 529 is tried again", async () => {
    bed.answer(overloaded, { text: "Hello" });

    const message = await client({ maxRetries: 1 }).messages.create(hello);

    expect(message.content).toMatchObject([{ type: "text", text: "Hello" }]);
  });

  test("M-41: models, page by page, and one by its id", async () => {
    const ids: string[] = [];
    for await (const { id } of client().models.list({ limit: 1 })) ids.push(id);

    expect(ids.toSorted()).toEqual(["gpt-4o-mini", "other"]);
    expect(await client().models.retrieve("other")).toMatchObject({ type: "model", id: "other" });
    expect((await failureOf(client().models.retrieve("nobody"))).type).toBe("not_found_error");
  });

  test("M-41: OpenAI's client sees its own form", async () => {
    const { data } = (await firstOpenai?.connect(`${bed.url()}/v1`).models.list()) ?? { data: [] };

    expect(data.map((model) => Object.keys(model).toSorted())).toContainEqual([
      "created",
      "id",
      "object",
      "owned_by",
    ]);
  });

  test("a base URL with /v1 works as well", async () => {
    const message = await client({ baseURL: `${bed.url()}/v1` }).messages.create(hello);

    expect(message.type).toBe("message");
  });
});
