import { describe, expect, test } from "bun:test";
import { expectError } from "../../support/expectations.ts";
import { chatText, user } from "../../support/openai-wire.ts";
import { describeBlackBox } from "../../support/prerequisites.ts";
import { replying, serveModels } from "./bed.ts";

describeBlackBox("Several answers", () => {
  const bed = serveModels({
    servers: {
      triton: [{ dialect: "vllm" }, { dialect: "trtllm" }, { dialect: "trtllm-bls" }, { dialect: "llmapi" }],
      dynamo: [{ dialect: "dynamo", model: "dynamo" }],
    },
    models: {
      vllm_model: { backend: "triton" },
      ensemble: { backend: "triton" },
      tensorrt_llm_bls: { backend: "triton" },
      tensorrt_llm: { backend: "triton" },
      dynamo: { backend: "dynamo" },
    },
  });

  describe("n", () => {
    const several = replying({ choices: ["red", "green or so", "blue"] });

    test("the ensemble gives several in one call", async () => {
      const answer = await bed.chat({ model: "ensemble", ...several, n: 3 });

      const [arrived, ...others] = await bed.arrived();
      expect(others).toEqual([]);
      expect(arrived?.tensors["num_return_sequences"]).toEqual(["INT32", [1, 1], [3]]);
      expect(answer.json.choices.map(({ index, message }) => [index, message.content])).toEqual([
        [0, "red"],
        [1, "green or so"],
        [2, "blue"],
      ]);
    });

    test("and streams each under its number", async () => {
      const { chunks } = await bed.streamChat({ model: "ensemble", ...several, n: 3 });

      expect([0, 1, 2].map((index) => chatText(chunks, index))).toEqual(["red", "green or so", "blue"]);
      const finished = chunks.flatMap(({ choices }) =>
        choices.filter((choice) => choice.finish_reason !== null).map(({ index }) => index),
      );
      expect(new Set(finished)).toEqual(new Set([0, 1, 2]));
      expect(finished).toHaveLength(3);
    });

    test("its usage is the prompt once and all answers", async () => {
      const one = await bed.chat({ model: "ensemble", ...replying({ text: "a b c" }) });
      const three = await bed.chat({ model: "ensemble", ...replying({ text: "a b c" }), n: 3 });

      expect(one.json.usage).toMatchObject({ completion_tokens: 3 });
      expect(three.json.usage).toMatchObject({
        prompt_tokens: one.json.usage.prompt_tokens,
        completion_tokens: 9,
      });
    });

    for (const model of ["vllm_model", "tensorrt_llm_bls", "tensorrt_llm", "dynamo"]) {
      test(`${model} is called once for each, and the prompt counted once`, async () => {
        const one = await bed.chat({ model, ...replying({ text: "a b c" }), max_tokens: 10 });
        await bed.server(model === "dynamo" ? model : "triton").reset();

        const three = await bed.chat({ model, ...replying({ text: "a b c" }), n: 3, max_tokens: 10 });

        const arrived = await bed.arrived();
        expect(arrived).toHaveLength(3);
        expect(new Set(arrived.map(({ prompt }) => prompt)).size).toBe(1);
        expect(arrived[0]?.sampling).not.toHaveProperty("n");
        expect(three.json.choices.map(({ index, message }) => [index, message.content])).toEqual([
          [0, "a b c"],
          [1, "a b c"],
          [2, "a b c"],
        ]);
        expect(three.json.usage.prompt_tokens).toBe(one.json.usage.prompt_tokens);
        expect(three.json.usage.completion_tokens).toBe(3 * one.json.usage.completion_tokens);
      });
    }

    test("of several prompts are numbered prompt by prompt", async () => {
      const answer = await bed.complete({
        model: "vllm_model",
        prompt: ['@reply {"text": "one"}', '@reply {"text": "two"}'],
        n: 2,
      });

      expect(answer.json.choices.map(({ index, text }) => [index, text])).toEqual([
        [0, "one"],
        [1, "one"],
        [2, "two"],
        [3, "two"],
      ]);
    });

    test("one that fails fails the request", async () => {
      const answer = await bed.chat({ model: "dynamo", ...replying({ fail_after: 0 }), n: 2 });

      expectError(answer, { status: 502, code: "upstream_error" });
    });
  });

  describe("best_of", () => {
    const prompt = '@reply {"text": "best"}';

    test("is TensorRT-LLM's own, and needs a whole answer", async () => {
      const answer = await bed.complete({ model: "tensorrt_llm", prompt, best_of: 3, stream: false });

      const [arrived] = await bed.arrived();
      expect(arrived?.tensors["sampling_param_best_of"]).toEqual(["INT32", [1], [3]]);
      expect(arrived?.tensors["streaming"]?.[2]).toEqual([false]);
      expect(answer.json.choices[0]?.text).toBe("best");
    });

    test("is shared among the answers", async () => {
      const answer = await bed.complete({ model: "tensorrt_llm", prompt, n: 2, best_of: 4 });

      const arrived = await bed.arrived();
      expect(arrived.map(({ tensors }) => tensors["sampling_param_best_of"]?.[2])).toEqual([[2], [2]]);
      expect(answer.json.choices).toHaveLength(2);
    });

    for (const model of ["vllm_model", "ensemble", "dynamo"]) {
      test(`${model} has none and says so`, async () => {
        const answer = await bed.complete({ model, prompt, n: 2, best_of: 4 });

        expectError(answer, { status: 400, code: "unsupported_value", param: "best_of" });
      });

      test(`${model} gives the best of as many as are asked`, async () => {
        const answer = await bed.complete({ model, prompt, n: 2, best_of: 2 });

        expect(answer.json.choices.map(({ text }) => text)).toEqual(["best", "best"]);
      });
    }

    test("less than n is refused", async () => {
      const answer = await bed.complete({ model: "tensorrt_llm", prompt, n: 2, best_of: 1 });

      expectError(answer, { status: 400, param: "best_of" });
    });
  });

  test("more than are allowed are refused", async () => {
    const answer = await bed.chat({ model: "vllm_model", ...user("Hi."), n: 129 });

    expectError(answer, { status: 400, param: "n" });
    expect(await bed.arrived()).toEqual([]);
  });
});
