import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { nodeGenerations } from "../../support/clients/node.ts";
import { type PythonClient, pythonGenerations, startPython } from "../../support/clients/python.ts";
import { expectError } from "../../support/expectations.ts";
import { user } from "../../support/openai-wire.ts";
import { describeBlackBox } from "../../support/prerequisites.ts";
import { post } from "../../support/wire.ts";
import { jsonIn, serveModels } from "./bed.ts";

interface EmbeddingBody {
  object: string;
  data: { object: string; index: number; embedding: number[] | string }[];
  model: string;
  usage: { prompt_tokens: number; total_tokens: number };
}

const models = ["vllm_model", "embedding", "batched", "chosen"] as const;

describeBlackBox("Embeddings", () => {
  const bed = serveModels({
    servers: {
      triton: [
        { dialect: "vllm" },
        { dialect: "vllm", model: "only-text", tasks: ["generate"] },
        { dialect: "trtllm" },
        { dialect: "embedding" },
        { dialect: "embedding", model: "batched", maxBatchSize: 8 },
      ],
    },
    models: {
      vllm_model: { backend: "triton" },
      "only-text": { backend: "triton" },
      ensemble: { backend: "triton" },
      embedding: { backend: "triton" },
      batched: { backend: "triton" },
      chosen: {
        backend: "triton",
        target: "embedding",
        dialect: "generic",
        tensors: { prompt: "text", embedding: "embedding" },
      },
      short: { backend: "triton", target: "embedding", max_context_tokens: 5 },
    },
  });
  const embed = (body: Record<string, unknown>) => post<EmbeddingBody>(`${bed.url()}/embeddings`, body);
  const python = new Map<string, PythonClient>();
  beforeAll(async () => {
    await Promise.all(
      pythonGenerations.map(async (generation) => python.set(generation, await startPython(generation))),
    );
  });
  afterAll(async () => {
    for (const client of python.values()) await client.stop();
  });

  for (const model of models) {
    describe(model, () => {
      for (const { name, connect } of nodeGenerations) {
        test(`${name}: the default call gives the model's numbers`, async () => {
          const { data, usage } = await connect(bed.url()).embeddings.create({
            model,
            input: "The food was delicious.",
          });

          expectVector(data[0]?.embedding, "The food was delicious.");
          expect(usage).toEqual({ prompt_tokens: 5, total_tokens: 5 });
        });
      }

      for (const generation of pythonGenerations) {
        test(`openai-python ${generation}: the default call gives the model's numbers`, async () => {
          const answer = await python.get(generation)?.run<EmbeddingBody>({
            baseUrl: bed.url(),
            call: "embeddings.create",
            arguments: { model, input: ["one", "two"] },
          });

          expectVector(answer?.data[0]?.embedding, "one");
          expectVector(answer?.data[1]?.embedding, "two");
        });
      }

      test("numbers and base64 are the same vector", async () => {
        const input = "Zażółć 👩‍🚀";
        const numbers = await embed({ model, input, encoding_format: "float" });
        const base64 = await embed({ model, input, encoding_format: "base64" });

        expectVector(numbers.json.data[0]?.embedding, input);
        const bytes = Buffer.from(String(base64.json.data[0]?.embedding), "base64");
        const floats = Array.from({ length: bytes.length / 4 }, (_, index) => bytes.readFloatLE(index * 4));
        expect(floats).toEqual([...new Float32Array(toNumbers(numbers.json.data[0]?.embedding))]);
      });

      test("a batch of 50 comes in order, from a call for each", async () => {
        const input = Array.from({ length: 50 }, (_, index) => `text ${index}`);
        const { json } = await embed({ model, input });

        expect(json).toMatchObject({ object: "list", model });
        expect(json.data.map(({ object, index }) => [object, index])).toEqual(
          input.map((_, index) => ["embedding", index]),
        );
        for (const [index, text] of input.entries()) expectVector(json.data[index]?.embedding, text);
        expect(await bed.arrived()).toHaveLength(50);
      });

      test("token ids are embedded as their text", async () => {
        const one = await embed({ model, input: [9906, 11, 1917] });
        const several = await embed({ model, input: [[9906], [9906, 11, 1917]] });

        expectVector(one.json.data[0]?.embedding, "Hello, world");
        expectVector(several.json.data[0]?.embedding, "Hello");
        expectVector(several.json.data[1]?.embedding, "Hello, world");
        expect(one.json.usage).toEqual({ prompt_tokens: 3, total_tokens: 3 });
        expect(several.json.usage).toEqual({ prompt_tokens: 4, total_tokens: 4 });
      });
    });
  }

  describe("as they arrive", () => {
    test("at vLLM", async () => {
      await embed({ model: "vllm_model", input: "one", dimensions: 4 });

      const [arrived] = await bed.arrived();
      expect(arrived?.call.rpc).toBe("ModelStreamInfer");
      expect(jsonIn(arrived?.tensors["embedding_request"]?.[2])).toEqual({
        input: "one",
        pooling_params: { dimensions: [4] },
      });
      expect(arrived?.tensors["embedding_request"]?.slice(0, 2)).toEqual(["BYTES", [1]]);
    });

    test("at a model of its own", async () => {
      await embed({ model: "embedding", input: "one" });
      await embed({ model: "batched", input: "one" });

      const arrived = await bed.arrived();
      expect(arrived.map(({ call, tensors }) => [call.rpc, tensors])).toEqual([
        ["ModelInfer", { text: ["BYTES", [1], ["one"]] }],
        ["ModelInfer", { text: ["BYTES", [1, 1], ["one"]] }],
      ]);
    });
  });

  describe("dimensions", () => {
    test("are vLLM's to choose", async () => {
      const { json } = await embed({ model: "vllm_model", input: "one", dimensions: 4 });

      expect(json.data[0]?.embedding).toHaveLength(4);
    });

    test("more than the model has are a failure", async () => {
      const answer = await embed({ model: "vllm_model", input: "one", dimensions: 400 });

      expect(answer.status).toBeGreaterThanOrEqual(400);
    });

    test("are refused by a model that has one length", async () => {
      const answer = await embed({ model: "embedding", input: "one", dimensions: 4 });

      expectError(answer, { status: 400, code: "unsupported_parameter", param: "dimensions" });
    });
  });

  describe("refusals", () => {
    test("a model that only embeds generates nothing", async () => {
      const answer = await bed.chat({ model: "embedding", ...user("Hi.") });

      expectError(answer, { status: 400, code: "unsupported_value", param: "model" });
    });

    test("a model that only generates embeds nothing", async () => {
      const answer = await embed({ model: "ensemble", input: "one" });

      expectError(answer, { status: 400, code: "unsupported_value", param: "model" });
    });

    test("a vLLM model that does not embed says so, and one failure is the whole answer", async () => {
      const answer = await embed({ model: "only-text", input: ["one", "two", "three"] });

      expectError(answer, { status: 502, code: "upstream_error" });
    });

    test("an input longer than the model's context", async () => {
      const answer = await embed({ model: "short", input: "one two three four five six seven" });

      expectError(answer, { status: 400, code: "context_length_exceeded", param: "input" });
      // Calls of the test before may still be coming in.
      expect((await bed.arrived()).filter(({ call }) => call.model === "embedding")).toEqual([]);
    });

    for (const [what, input, param] of [
      ["no input", undefined, "input"],
      ["an empty list", [], "input"],
      ["an empty text", ["one", ""], "input[1]"],
      ["a mixture", ["one", 2], "input"],
      ["an unknown token", [4_000_000], "input"],
    ] as const) {
      test(what, async () => {
        const answer = await embed({ model: "embedding", input });

        expectError(answer, { status: 400, param });
      });
    }

    test("unknown fields are named", async () => {
      const answer = await embed({ model: "embedding", input: "one", truncate: true });

      expect(answer.headers.get("x-oai-serve-ignored-params")).toBe("truncate");
    });
  });
});

/** The look-alikes' vector of a text, as model.py makes it. */
function expectVector(embedding: unknown, text: string): void {
  const seed = [...Buffer.from(pythonJson(text))].reduce((value, byte) => (value * 31 + byte) % 32_000, 17);
  const numbers = Array.from({ length: 16 }, (_, index) => Math.sin(seed + 1 + index));
  const length = Math.hypot(...numbers);
  const vector = toNumbers(embedding);
  expect(vector).toHaveLength(16);
  for (const [index, number] of numbers.entries()) expect(vector[index]).toBeCloseTo(number / length, 5);
}

function toNumbers(embedding: unknown): number[] {
  return Array.isArray(embedding) ? embedding.map(Number) : [];
}

/** JSON in ASCII. */
function pythonJson(text: string): string {
  return JSON.stringify(text).replaceAll(
    /[^\x20-\x7e]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
