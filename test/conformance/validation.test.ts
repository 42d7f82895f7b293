import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { nodeGenerations } from "../support/clients/node.ts";
import { PythonError, pythonGenerations, startPython, type PythonClient } from "../support/clients/python.ts";
import { expectError } from "../support/expectations.ts";
import type { ChatBody } from "../support/openai-wire.ts";
import { user } from "../support/openai-wire.ts";
import { describeBlackBox } from "../support/prerequisites.ts";
import { post } from "../support/wire.ts";
import { startBed, startBedWith, type Bed } from "./bed.ts";

/** Stands in every message of a bad request, and must not come back. */
const secret = "canary-7f3a";
const message = { role: "user", content: secret };

/** [case, what is wrong, code, param] */
const mistakes: readonly (readonly [string, Record<string, unknown>, string, string])[] = [
  ["56", { messages: undefined }, "missing_required_parameter", "messages"],
  ["57", { messages: [] }, "empty_array", "messages"],
  ["58", { messages: secret }, "invalid_type", "messages"],
  ["58", { messages: { role: "user", content: secret } }, "invalid_type", "messages"],
  ["58", { messages: [secret] }, "invalid_type", "messages[0]"],
  ["59", { messages: [{ content: secret }] }, "missing_required_parameter", "messages[0].role"],
  ["59", { messages: [{ role: "user" }] }, "missing_required_parameter", "messages[0].content"],
  ["59", { messages: [{ role: "user", content: null }] }, "invalid_type", "messages[0].content"],
  ["59", { messages: [{ role: "user", content: 5 }] }, "invalid_type", "messages[0].content"],
  ["60", { messages: [{ role: "boss", content: secret }] }, "invalid_value", "messages[0].role"],
  ["60", { messages: [message, { role: "boss", content: secret }] }, "invalid_value", "messages[1].role"],
  ["61", { temperature: 2.5 }, "decimal_above_max_value", "temperature"],
  ["61", { temperature: -1 }, "decimal_below_min_value", "temperature"],
  ["61", { temperature: "0.5" }, "invalid_type", "temperature"],
  ["62", { top_p: 1.1 }, "decimal_above_max_value", "top_p"],
  ["62", { n: 0 }, "integer_below_min_value", "n"],
  ["62", { n: 129 }, "integer_above_max_value", "n"],
  ["62", { logprobs: true, top_logprobs: 21 }, "integer_above_max_value", "top_logprobs"],
  ["62", { presence_penalty: 3 }, "decimal_above_max_value", "presence_penalty"],
  ["62", { frequency_penalty: -3 }, "decimal_below_min_value", "frequency_penalty"],
  ["63", { max_tokens: 0 }, "integer_below_min_value", "max_tokens"],
  ["63", { max_tokens: -1 }, "integer_below_min_value", "max_tokens"],
  ["63", { max_tokens: 1.5 }, "invalid_type", "max_tokens"],
  ["63", { max_tokens: "10" }, "invalid_type", "max_tokens"],
  ["63", { max_completion_tokens: 0 }, "integer_below_min_value", "max_completion_tokens"],
  [
    "64",
    { tools: [{ type: "function", function: {} }] },
    "missing_required_parameter",
    "tools[0].function.name",
  ],
  [
    "64",
    { tools: [{ type: "function", function: { name: "a b" } }] },
    "invalid_value",
    "tools[0].function.name",
  ],
  [
    "65",
    { messages: [{ role: "tool", content: secret }] },
    "missing_required_parameter",
    "messages[0].tool_call_id",
  ],
  [
    "66",
    { messages: [{ role: "user", content: [{ type: "video", video: secret }] }] },
    "invalid_value",
    "messages[0].content[0].type",
  ],
  [
    "66",
    { messages: [{ role: "user", content: [{ type: "text", text: secret }, { text: secret }] }] },
    "missing_required_parameter",
    "messages[0].content[1].type",
  ],
  [
    "66",
    { messages: [{ role: "user", content: [{ type: "text" }] }] },
    "missing_required_parameter",
    "messages[0].content[0].text",
  ],
  ["67", { model: 5 }, "invalid_type", "model"],
  [
    "51",
    { response_format: { type: "json_schema" } },
    "missing_required_parameter",
    "response_format.json_schema",
  ],
  [
    "51",
    { response_format: { type: "json_schema", json_schema: { schema: {} } } },
    "missing_required_parameter",
    "response_format.json_schema.name",
  ],
  ["51", { response_format: { type: "xml" } }, "invalid_value", "response_format.type"],
  ["D", { stream: "yes" }, "invalid_type", "stream"],
  ["D", { stop: 5 }, "invalid_type", "stop"],
  ["D", { logit_bias: [1] }, "invalid_type", "logit_bias"],
];

describeBlackBox("D. Validation", () => {
  let bed: Bed;
  beforeAll(async () => {
    bed = await startBed();
  });
  afterAll(() => bed.stop());

  for (const [number, mistake, code, param] of mistakes) {
    for (const stream of "stream" in mistake ? [undefined] : [undefined, true]) {
      const streaming = stream === true ? " (70: with stream)" : "";
      test(`${number}: ${JSON.stringify(mistake).slice(0, 90)} is ${code}${streaming}`, async () => {
        await bed.anyserve.reset();

        const answer = await post(`${bed.url}/chat/completions`, {
          model: "echo",
          messages: [message],
          ...(stream === undefined ? {} : { stream }),
          ...mistake,
        });

        expectError(answer, { status: 400, code, param });
        expect(answer.text).not.toContain(secret);
        expect(await bed.anyserve.generations()).toEqual([]);
      });
    }
  }

  test("61: the sentence about a number names its bound", async () => {
    const answer = await post(`${bed.url}/chat/completions`, {
      model: "echo",
      messages: [message],
      temperature: 99,
    });

    const error = expectError(answer, { status: 400, param: "temperature" });
    expect(error.message).toContain("2");
  });

  for (const stream of [false, true]) {
    test(`68: an unknown model is 404, stream ${stream}`, async () => {
      const answer = await post(`${bed.url}/chat/completions`, {
        model: "none",
        messages: [message],
        stream,
      });

      expectError(answer, { status: 404, code: "model_not_found", param: "model" });
    });

    test(`69: a prompt over the configured context is refused, stream ${stream}`, async () => {
      const answer = await post(`${bed.url}/chat/completions`, {
        model: "echo-small",
        ...user("word ".repeat(100)),
        stream,
      });

      const error = expectError(answer, { status: 400, code: "context_length_exceeded", param: "messages" });
      expect(error.message).toMatch(/maximum context length is 50 tokens/);
      expect(error.message).toMatch(/exceeds the context window/);
    });
  }

  for (const [named, models] of [
    ["a model that the backend names itself", {}],
    ["a model that the configuration names", { echo: { backend: "echo" } }],
  ] as const) {
    test(`69: a prompt over the context that the backend reports is refused, for ${named}`, async () => {
      const other = await startBedWith({ echo: { contextTokens: 40 } }, { config: { models } });

      // The list asks the backend for its context.
      await fetch(`${other.url}/models`);
      const answer = await post(`${other.url}/chat/completions`, {
        model: "echo",
        ...user("word ".repeat(100)),
      });
      const generations = await other.anyserve.generations();
      await other.stop();

      expectError(answer, { status: 400, code: "context_length_exceeded" });
      expect(generations).toEqual([]);
    });
  }

  test("69: a limit that does not fit beside the prompt is shortened", async () => {
    await bed.anyserve.reset();

    const { status, json } = await post<ChatBody>(`${bed.url}/chat/completions`, {
      model: "echo-small",
      ...user("hi"),
      max_tokens: 4_096,
    });

    expect(status).toBe(200);
    expect((await bed.anyserve.generations())[0]?.inputs["max_tokens"]?.contents).toEqual([
      50 - json.usage.prompt_tokens,
    ]);
  });

  for (const { name, OpenAI } of nodeGenerations) {
    test(`68, 71: ${name} throws BadRequestError and NotFoundError, once`, async () => {
      let requests = 0;
      const client = new OpenAI({
        baseURL: bed.url,
        apiKey: "unused",
        fetch: (input, init) => {
          requests++;
          return fetch(input, init);
        },
      });
      const create = (model: string, temperature: number) =>
        client.chat.completions
          .create({ model, temperature, messages: [{ role: "user", content: "hi" }] })
          .catch((thrown: unknown) => thrown);

      const bad = await create("echo", 2.5);
      const missing = await create("none", 1);

      expect(bad).toBeInstanceOf(OpenAI.BadRequestError);
      expect(bad).toMatchObject({ code: "decimal_above_max_value", param: "temperature" });
      expect(bad).toHaveProperty("requestID", expect.stringMatching(/^req_/));
      expect(missing).toBeInstanceOf(OpenAI.NotFoundError);
      expect(requests).toBe(2);
    });
  }

  for (const generation of pythonGenerations) {
    describe(`openai-python ${generation}`, () => {
      let python: PythonClient;
      beforeAll(async () => {
        python = await startPython(generation);
      });
      afterAll(() => python.stop());

      for (const [model, temperature, kind, code] of [
        ["echo", 2.5, "BadRequestError", "decimal_above_max_value"],
        ["none", 1, "NotFoundError", "model_not_found"],
      ] as const) {
        test(`68, 71: throws ${kind}`, async () => {
          const thrown = await python
            .run({
              baseUrl: bed.url,
              call: "chat.completions.create",
              arguments: { model, temperature, messages: [message] },
            })
            .catch((error: unknown) => error);

          expect(thrown).toBeInstanceOf(PythonError);
          expect(thrown).toMatchObject({
            name: kind,
            details: { code, requestId: expect.stringMatching(/^req_/) },
          });
        });
      }
    });
  }
});
