import { describe, expect, test } from "bun:test";
import { expectError } from "../../support/expectations.ts";
import type { ModelBody } from "../../support/openai-wire.ts";
import { user } from "../../support/openai-wire.ts";
import { describeBlackBox } from "../../support/prerequisites.ts";
import { send } from "../../support/wire.ts";
import { serveModels } from "./bed.ts";

const question = user("Say something.");

describeBlackBox("What the operator decides for a model", () => {
  const bed = serveModels({
    servers: {
      triton: [{ dialect: "vllm", loras: ["finance"] }, { dialect: "llmapi" }, { dialect: "mock" }],
    },
    backends: {
      triton: {
        defaults: { temperature: 0.25, top_k: 5, max_tokens: 200 },
        overrides: { min_p: 0.5 },
      },
    },
    models: {
      vllm_model: { backend: "triton", aliases: ["gpt-4o", "org/chat"] },
      tuned: {
        backend: "triton",
        target: "vllm_model",
        defaults: { temperature: 0.75, stop: "fox", repetition_penalty: 1.5 },
        overrides: { top_p: 0.5, seed: 11 },
      },
      adapter: { backend: "triton", target: "vllm_model", lora: "finance" },
      "missing-adapter": { backend: "triton", target: "vllm_model", lora: "law" },
      tensorrt_llm: { backend: "triton" },
      mock_llm: { backend: "triton" },
      "mock-adapter": { backend: "triton", target: "mock_llm", lora: "finance" },
    },
  });

  describe("defaults and overrides", () => {
    test("of the server hold for its models", async () => {
      await bed.chat({ model: "vllm_model", ...question });

      expect((await bed.arrived())[0]?.sampling).toEqual({
        max_tokens: 200,
        temperature: 0.25,
        top_k: 5,
        min_p: 0.5,
      });
    });

    test("of the model win over the server's, field by field", async () => {
      const answer = await bed.chat({ model: "tuned", ...question });

      expect((await bed.arrived())[0]?.sampling).toMatchObject({
        max_tokens: 200,
        temperature: 0.75,
        top_k: 5,
        top_p: 0.5,
        seed: 11,
        stop: ["fox"],
        repetition_penalty: 1.5,
      });
      expect(answer.json.choices[0]?.message.content?.trimEnd()).toBe("The quick brown");
    });

    test("the client wins over the defaults, and the overrides win over the client", async () => {
      await bed.chat({
        model: "tuned",
        ...question,
        temperature: 0,
        top_k: 1,
        top_p: 1,
        seed: 1,
        min_p: 0,
        max_tokens: 9,
      });

      expect((await bed.arrived())[0]?.sampling).toMatchObject({
        temperature: 0,
        top_k: 1,
        top_p: 0.5,
        seed: 11,
        min_p: expect.any(Number),
        max_tokens: 9,
      });
    });

    test("reach tensors as well", async () => {
      await bed.chat({ model: "tensorrt_llm", ...question });

      expect((await bed.arrived())[0]?.tensors).toMatchObject({
        sampling_param_temperature: ["FP32", [1], [0.25]],
        sampling_param_top_k: ["INT32", [1], [5]],
        sampling_param_max_tokens: ["INT32", [1], [200]],
      });
    });

    test("that have no effect are not held against the client", async () => {
      const answer = await bed.chat({ model: "mock_llm", ...question });

      expect(answer.status).toBe(200);
      expect(answer.headers.get("x-oai-serve-ignored-params")).toBeNull();
    });
  });

  describe("names", () => {
    for (const name of ["vllm_model", "gpt-4o", "org/chat"]) {
      test(`${name} is answered under this name`, async () => {
        const answer = await bed.chat({ model: name, ...question });

        expect(answer.json.model).toBe(name);
        expect((await bed.arrived())[0]?.call.model).toBe("vllm_model");
      });
    }

    test("all models are listed, those of one server model too", async () => {
      const { json } = await send<{ data: ModelBody[] }>(`${bed.url()}/models`);

      const ids = json.data.map(({ id }) => id);
      for (const id of ["vllm_model", "tuned", "adapter", "tensorrt_llm"]) expect(ids).toContain(id);
    });

    test("a LoRA adapter is a model of its own", async () => {
      const answer = await bed.chat({ model: "adapter", ...question });

      const [arrived] = await bed.arrived();
      expect(answer.json.model).toBe("adapter");
      expect(arrived?.call.model).toBe("vllm_model");
      expect(arrived?.sampling["lora_name"]).toBe("finance");
    });

    test("the model without the adapter is told of none", async () => {
      await bed.chat({ model: "vllm_model", ...question });

      expect((await bed.arrived())[0]?.sampling).not.toHaveProperty("lora_name");
    });

    test("an adapter that the server does not have is a failure, not the model without it", async () => {
      const answer = await bed.chat({ model: "missing-adapter", ...question });

      expectError(answer, { status: 502, code: "upstream_error" });
    });

    test("an adapter of a model that takes none is a failure, not the model without it", async () => {
      const answer = await bed.chat({ model: "mock-adapter", ...question });

      expectError(answer, { status: 404, code: "model_not_found", param: "model" });
      expect(await bed.arrived()).toEqual([]);
    });

    test("an unknown model is not found", async () => {
      const answer = await bed.chat({ model: "finance", ...question });

      expectError(answer, { status: 404, code: "model_not_found" });
    });
  });
});
