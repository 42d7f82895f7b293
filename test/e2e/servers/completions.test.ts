import { describe, expect, test } from "bun:test";
import { expectError } from "../../support/expectations.ts";
import type { CompletionBody } from "../../support/openai-wire.ts";
import { describeBlackBox } from "../../support/prerequisites.ts";
import { post, postStream } from "../../support/wire.ts";
import { serveModels } from "./bed.ts";

/** "Hello, world" in cl100k_base, which counts for gpt-4, and in o200k_base, which counts for gpt-4o. */
const cl100k = [9906, 11, 1917];
const o200k = [13225, 11, 2375];
const fox = "The quick brown fox jumps over the lazy dog.";

interface Tokenized {
  count: number;
  max_model_len: number | null;
  tokens: number[];
  token_strs: string[] | null;
}

describeBlackBox("Completions and tokens", () => {
  const bed = serveModels({
    servers: {
      triton: [{ dialect: "vllm" }, { dialect: "trtllm" }, { dialect: "generic" }],
      dynamo: [{ dialect: "dynamo", model: "dynamo" }],
    },
    models: {
      vllm_model: { backend: "triton", max_context_tokens: 4_096 },
      "vllm-4o": { backend: "triton", target: "vllm_model", token_model: "gpt-4o" },
      ensemble: { backend: "triton" },
      coder: { backend: "triton", target: "vllm_model", fim: "qwen" },
      "other-coder": { backend: "triton", target: "ensemble", fim: "[S]{suffix}[P]{prefix}" },
      dynamo: { backend: "dynamo", fim: "codellama" },
    },
  });

  describe("prompts", () => {
    test("reach the server as they are, without a template", async () => {
      const answer = await bed.complete({ model: "vllm_model", prompt: "Once upon a time," });

      expect((await bed.arrived())[0]?.prompt).toBe("Once upon a time,");
      expect(answer.json.choices[0]).toMatchObject({ text: fox, finish_reason: "stop" });
    });

    for (const [model, ids] of [
      ["vllm_model", cl100k],
      ["vllm-4o", o200k],
      ["ensemble", cl100k],
      ["dynamo", cl100k],
    ] as const) {
      test(`of token ids reach ${model} as their text`, async () => {
        const answer = await bed.complete({ model, prompt: ids });

        expect(answer.status).toBe(200);
        expect((await bed.arrived())[0]?.prompt).toBe("Hello, world");
      });
    }

    test("of several lists of token ids are prompts each", async () => {
      const answer = await bed.complete({ model: "vllm_model", prompt: [cl100k, [9906]] });

      expect(answer.json.choices).toHaveLength(2);
      expect((await bed.arrived()).map(({ prompt }) => prompt).toSorted()).toEqual(["Hello", "Hello, world"]);
    });

    test("of ids that the encoding does not have are refused", async () => {
      const answer = await bed.complete({ model: "vllm_model", prompt: [9906, 4_000_000] });

      expectError(answer, { status: 400, param: "prompt" });
      expect(await bed.arrived()).toEqual([]);
    });
  });

  describe("echo", () => {
    test("puts the prompt in front, whole and streamed, once", async () => {
      const request = { model: "ensemble", prompt: "Once upon a time,", echo: true };
      const whole = await bed.complete(request);
      const stream = await postStream<CompletionBody>(`${bed.url()}/completions`, request);

      expect(whole.json.choices[0]?.text).toBe(`Once upon a time,${fox}`);
      expect(stream.chunks.map(({ choices }) => choices[0]?.text ?? "").join("")).toBe(
        `Once upon a time,${fox}`,
      );
    });

    test("of token ids is their text", async () => {
      const answer = await bed.complete({ model: "vllm_model", prompt: cl100k, echo: true });

      expect(answer.json.choices[0]?.text).toBe(`Hello, world${fox}`);
    });
  });

  describe("suffix", () => {
    for (const [model, prompt] of [
      ["coder", "<|fim_prefix|>def f(<|fim_suffix|>):\n  {prefix}<|fim_middle|>"],
      ["other-coder", "[S]):\n  {prefix}[P]def f("],
      ["dynamo", "<PRE> def f( <SUF>):\n  {prefix} <MID>"],
    ] as const) {
      test(`${model} is asked in its own form`, async () => {
        const answer = await bed.complete({ model, prompt: "def f(", suffix: "):\n  {prefix}" });

        expect((await bed.arrived())[0]?.prompt).toBe(prompt);
        expect(answer.json.choices[0]?.text).toBe(fox);
      });
    }

    test("goes with a prompt of token ids", async () => {
      await bed.complete({ model: "coder", prompt: cl100k, suffix: "!" });

      expect((await bed.arrived())[0]?.prompt).toBe(
        "<|fim_prefix|>Hello, world<|fim_suffix|>!<|fim_middle|>",
      );
    });

    test("is refused by a model that was taught no such form", async () => {
      const answer = await bed.complete({ model: "vllm_model", prompt: "def f(", suffix: ")" });

      expectError(answer, { status: 400, code: "unsupported_parameter", param: "suffix" });
    });

    test("that is empty is none", async () => {
      const answer = await bed.complete({ model: "vllm_model", prompt: "def f(", suffix: "" });

      expect(answer.status).toBe(200);
      expect((await bed.arrived())[0]?.prompt).toBe("def f(");
    });
  });

  describe("tokenize and detokenize", () => {
    for (const [model, tokens] of [
      ["vllm_model", cl100k],
      ["vllm-4o", o200k],
    ] as const) {
      test(`go by the encoding of ${model}, and back`, async () => {
        const { json } = await post<Tokenized>(`${bed.url()}/tokenize`, { model, prompt: "Hello, world" });
        const back = await post(`${bed.url()}/detokenize`, { model, tokens: json.tokens });

        expect(json).toMatchObject({ count: 3, tokens, token_strs: null });
        expect(back.json).toEqual({ prompt: "Hello, world" });
      });
    }

    test("tell the size of the context, and the texts of the tokens", async () => {
      const { json } = await post<Tokenized>(`${bed.url()}/tokenize`, {
        model: "vllm_model",
        messages: [{ role: "user", content: "Hello, world" }],
        return_token_strs: true,
      });

      expect(json).toMatchObject({ max_model_len: 4_096, token_strs: ["Hello", ",", " world"] });
    });

    test("ask no server", async () => {
      await post(`${bed.url()}/tokenize`, { model: "vllm_model", prompt: "Hello, world" });

      expect(await bed.arrived()).toEqual([]);
    });

    test("of an unknown model are not found", async () => {
      const answer = await post(`${bed.url()}/tokenize`, { model: "nobody", prompt: "Hello" });

      expectError(answer, { status: 404, code: "model_not_found" });
    });
  });
});
