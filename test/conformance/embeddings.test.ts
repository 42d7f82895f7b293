import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { type App, startApp } from "../support/app.ts";
import { nodeGenerations } from "../support/clients/node.ts";
import { type PythonClient, pythonGenerations, startPython } from "../support/clients/python.ts";
import { expectError } from "../support/expectations.ts";
import { finish, text } from "../support/events.ts";
import { describePython } from "../support/prerequisites.ts";
import { rejection } from "../support/rejection.ts";
import { scripted } from "../support/scripted.ts";
import { type Answer, post } from "../support/wire.ts";

interface EmbeddingBody {
  object: string;
  data: { object: string; index: number; embedding: number[] | string }[];
  model: string;
  usage: Record<string, number>;
}

const numbers = [0.5, -1, 2, 0.25];

/** Its first number tells which input a vector is of. */
const embedder = scripted([], {
  id: "embedder",
  models: [{ id: "embedder", ownedBy: "tests", contextTokens: 64 }],
  capabilities: { text: false, embeddings: { dimensions: false }, tokenPrompts: false },
  embed: async ({ inputs }) => ({
    vectors: inputs.map((_, index) => new Float32Array(numbers.with(0, 0.5 + index))),
  }),
});
const talker = scripted([[text("hi")], [finish()]], {
  id: "talker",
  models: [{ id: "talker", ownedBy: "tests" }],
});

describe("G. Embeddings", () => {
  let app: App;
  let url: string;
  beforeAll(() => {
    app = startApp([embedder, talker]);
    url = `${app.url}/v1`;
  });
  afterAll(() => app[Symbol.asyncDispose]());

  const embed = (body: Record<string, unknown>): Promise<Answer<EmbeddingBody>> =>
    post<EmbeddingBody>(`${url}/embeddings`, { model: "embedder", input: "x", ...body });

  test("100: the whole body has OpenAI's shape", async () => {
    const { status, headers, json } = await embed({});

    expect(status).toBe(200);
    expect(headers.get("content-type")).toStartWith("application/json");
    expect(json).toEqual({
      object: "list",
      data: [{ object: "embedding", index: 0, embedding: numbers }],
      model: "embedder",
      usage: { prompt_tokens: 1, total_tokens: 1 },
    });
  });

  test("101: base64 is that of little-endian 32-bit floats", async () => {
    const { json } = await embed({ encoding_format: "base64" });

    const bytes = Buffer.from(String(json.data[0]?.embedding), "base64");
    expect([0, 4, 8, 12].map((offset) => bytes.readFloatLE(offset))).toEqual(numbers);
  });

  for (const [input, rows] of [
    [["a", "b"], 2],
    [[1, 2], 1],
    [[[1], [2]], 2],
    [Array.from({ length: 2_048 }, () => "x"), 2_048],
  ] as const) {
    test(`103: ${JSON.stringify(input).slice(0, 20)} has ${rows} rows, in order`, async () => {
      const { status, json } = await embed({ input });

      expect(status).toBe(200);
      expect(json.data.map(({ index }) => index)).toEqual(Array.from({ length: rows }, (_, at) => at));
      expect(json.data.map(({ embedding }) => embedding[0])).toEqual(
        Array.from({ length: rows }, (_, at) => 0.5 + at),
      );
    });
  }

  for (const [body, param] of [
    [{ input: [] }, "input"],
    [{ input: "" }, "input"],
    [{ input: null }, "input"],
    [{ input: Array.from({ length: 2_049 }, () => "x") }, "input"],
    [{ input: ["a", 1] }, "input"],
    [{ input: "word ".repeat(100) }, "input"],
    [{ encoding_format: "hex" }, "encoding_format"],
    [{ dimensions: 0 }, "dimensions"],
    [{ dimensions: 2 }, "dimensions"],
    [{ model: "talker" }, "model"],
  ] as const) {
    test(`104: ${JSON.stringify(body).slice(0, 50)} is refused by name`, async () => {
      expect(expectError(await embed(body), { status: 400 }).param).toBe(param);
    });
  }

  test("a model that only embeds does not talk", async () => {
    const answer = await post(`${url}/completions`, { model: "embedder", prompt: "x" });

    expectError(answer, { status: 400, param: "model" });
  });

  test("an unknown model is not found", async () => {
    expectError(await embed({ model: "none" }), { status: 404, code: "model_not_found", param: "model" });
  });

  for (const { name, connect, OpenAI } of nodeGenerations) {
    describe(name, () => {
      test("102: the default call, which asks for base64, gives the numbers", async () => {
        const { data } = await connect(url).embeddings.create({ model: "embedder", input: ["a", "b"] });

        expect(data.map(({ embedding }) => Array.from(embedding))).toEqual([numbers, numbers.with(0, 1.5)]);
      });

      test("102: an explicit float gives the numbers", async () => {
        const { data, usage } = await connect(url).embeddings.create({
          model: "embedder",
          input: [[1, 2]],
          encoding_format: "float",
        });

        expect(data[0]?.embedding).toEqual(numbers);
        expect(usage).toEqual({ prompt_tokens: 2, total_tokens: 2 });
      });

      test("104: a refusal is a BadRequestError", async () => {
        const failure = await rejection(connect(url).embeddings.create({ model: "embedder", input: "" }));

        expect(failure).toBeInstanceOf(OpenAI.BadRequestError);
        expect(failure).toMatchObject({ param: "input" });
      });
    });
  }

  for (const generation of pythonGenerations) {
    describePython(`openai-python ${generation}`, () => {
      let python: PythonClient;
      beforeAll(async () => {
        python = await startPython(generation);
      });
      afterAll(() => python.stop());

      const create = (body: Record<string, unknown>) =>
        python.run<EmbeddingBody>({
          baseUrl: url,
          call: "embeddings.create",
          arguments: { model: "embedder", ...body },
        });

      test("102: the default call, which asks for base64, gives the numbers", async () => {
        const { data } = await create({ input: ["a", "b"] });

        expect(data.map(({ embedding }) => embedding)).toEqual([numbers, numbers.with(0, 1.5)]);
      });

      test("102: an explicit float gives the numbers", async () => {
        const { data, usage } = await create({ input: [[1, 2]], encoding_format: "float" });

        expect(data[0]?.embedding).toEqual(numbers);
        expect(usage).toEqual({ prompt_tokens: 2, total_tokens: 2 });
      });

      test("104: a refusal is a BadRequestError", async () => {
        expect(await rejection(create({ input: "" }))).toMatchObject({
          name: "BadRequestError",
          details: { status: 400, param: "input" },
        });
      });
    });
  }
});
