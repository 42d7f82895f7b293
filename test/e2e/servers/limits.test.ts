import { describe, expect, test } from "bun:test";
import { expectError } from "../../support/expectations.ts";
import { chatText, user } from "../../support/openai-wire.ts";
import { describeBlackBox } from "../../support/prerequisites.ts";
import { replying, serveModels } from "./bed.ts";

const question = user("Say something.");

describeBlackBox("Limits of tokens and stop texts", () => {
  const bed = serveModels({
    servers: {
      triton: [{ dialect: "vllm" }, { dialect: "trtllm" }, { dialect: "llmapi" }, { dialect: "generic" }],
      dynamo: [{ dialect: "dynamo", model: "dynamo" }],
      ovms: [{ dialect: "ovms", model: "ovms" }],
    },
    models: {
      vllm_model: { backend: "triton" },
      ensemble: { backend: "triton" },
      tensorrt_llm: { backend: "triton" },
      generic: { backend: "triton" },
      "small-vllm": { backend: "triton", target: "vllm_model", max_context_tokens: 100 },
      "small-ensemble": { backend: "triton", target: "ensemble", max_context_tokens: 100 },
      "brief-vllm": { backend: "triton", target: "vllm_model", defaults: { max_tokens: 7 } },
      "small-dynamo": { backend: "dynamo", target: "dynamo", max_context_tokens: 100 },
      dynamo: { backend: "dynamo" },
      ovms: { backend: "ovms" },
    },
  });
  /** `max_tokens` as it arrived, at vLLM or TensorRT-LLM. */
  const limits = async () =>
    (await bed.arrived()).map(({ sampling, tensors }) => {
      const values = tensors["max_tokens"]?.[2];
      return Number(Array.isArray(values) ? values[0] : sampling["max_tokens"]);
    });

  describe("a limit that nobody gave", () => {
    for (const model of ["vllm_model", "ensemble"]) {
      test(`${model} needs one: it is 1,024, and the client is told`, async () => {
        const answer = await bed.chat({ model, ...question });
        const stream = await bed.streamChat({ model, ...question });

        expect(answer.headers.get("x-oai-serve-assumed-params")).toBe("max_tokens=1024");
        expect(stream.headers.get("x-oai-serve-assumed-params")).toBe("max_tokens=1024");
        expect(await limits()).toEqual([1_024, 1_024]);
      });
    }

    for (const model of ["small-vllm", "small-ensemble"]) {
      test(`${model} gets what the prompt leaves of its context`, async () => {
        const answer = await bed.chat({ model, ...question });

        const [limit] = await limits();
        expect(limit).toBeWithin(80, 97);
        expect(answer.headers.get("x-oai-serve-assumed-params")).toBe(`max_tokens=${limit}`);
      });
    }

    for (const model of ["tensorrt_llm", "generic", "dynamo"]) {
      test(`${model} needs none and gets none`, async () => {
        const answer = await bed.chat({ model, ...question });

        expect(answer.headers.get("x-oai-serve-assumed-params")).toBeNull();
        const [arrived] = await bed.arrived();
        expect(Object.keys(arrived?.tensors ?? {}).join()).not.toContain("max_tokens");
      });
    }

    test("is what the operator's defaults say", async () => {
      const answer = await bed.chat({ model: "brief-vllm", ...question });

      expect(await limits()).toEqual([7]);
      expect(answer.headers.get("x-oai-serve-assumed-params")).toBeNull();
      expect(answer.json.choices[0]?.finish_reason).toBe("length");
    });

    test("of a completion is OpenAI's 16", async () => {
      const answer = await bed.complete({ model: "vllm_model", prompt: "Say something." });

      expect(await limits()).toEqual([16]);
      expect(answer.headers.get("x-oai-serve-assumed-params")).toBeNull();
    });
  });

  describe("a limit that was given", () => {
    test("goes on as it is", async () => {
      const answer = await bed.chat({ model: "vllm_model", ...question, max_completion_tokens: 3 });

      expect(await limits()).toEqual([3]);
      expect(answer.headers.get("x-oai-serve-assumed-params")).toBeNull();
      expect(answer.json.choices[0]).toMatchObject({
        finish_reason: "length",
        message: { content: "The quick brown" },
      });
      expect(answer.json.usage).toMatchObject({ prompt_tokens: 5, completion_tokens: 3, total_tokens: 8 });
    });

    test("is cut to the context", async () => {
      await bed.chat({ model: "small-ensemble", ...question, max_tokens: 5_000 });

      expect((await limits())[0]).toBeWithin(80, 97);
    });

    test("larger than the tensor can hold is the largest that it can", async () => {
      await bed.chat({ model: "ensemble", ...question, max_tokens: 2_147_483_647 });

      expect(await limits()).toEqual([2_147_483_647]);
    });

    for (const model of ["dynamo", "ovms"]) {
      test(`is kept at the edge where ${model} takes none, and ends the call`, async () => {
        const cancelled = bed.server(model).cancelled(1);
        const answer = await bed.chat({
          model,
          ...replying({ text: "one two three four", hang: true }),
          max_tokens: 2,
        });
        await cancelled;

        expect(answer.json.choices[0]).toMatchObject({
          finish_reason: "length",
          message: { content: "one two" },
        });
        expect(answer.json.usage.completion_tokens).toBe(2);
      });
    }

    test("with a prompt larger than the context is refused", async () => {
      const answer = await bed.chat({ model: "small-dynamo", ...user("word ".repeat(200)) });

      expectError(answer, { status: 400, code: "context_length_exceeded", param: "messages" });
      expect(await bed.arrived()).toEqual([]);
    });
  });

  describe("stop texts", () => {
    for (const [model, of] of [
      ["vllm_model", (arrived: { sampling: Readonly<Record<string, unknown>> }) => arrived.sampling["stop"]],
    ] as const) {
      test(`${model} stops by itself`, async () => {
        const answer = await bed.chat({ model, ...question, stop: [" fox", "dog"] });

        const [arrived] = await bed.arrived();
        expect(arrived === undefined ? undefined : of(arrived)).toEqual([" fox", "dog"]);
        expect(arrived?.call.outcome).toBe("completed");
        expect(answer.json.choices[0]).toMatchObject({
          finish_reason: "stop",
          message: { content: "The quick brown" },
        });
      });
    }

    for (const model of ["dynamo", "ovms"]) {
      test(`${model} is ended at the edge, by a text that is split over tokens`, async () => {
        const cancelled = bed.server(model).cancelled(1);
        const stream = await bed.streamChat({
          model,
          ...replying({ pieces: ["Count: on", "e, t", "w", "o, three"], hang: true }),
          stop: ["never", ", two"],
        });
        await cancelled;

        expect(chatText(stream.chunks)).toBe("Count: one");
        expect(stream.chunks.at(-1)?.choices[0]?.finish_reason).toBe("stop");
      });

      test(`${model}: what only began like a stop text is part of the answer`, async () => {
        const answer = await bed.chat({
          model,
          ...replying({ pieces: ["one, t", "wo, t", "hre"] }),
          stop: ["three", ", too"],
        });

        expect(answer.json.choices[0]).toMatchObject({
          finish_reason: "stop",
          message: { content: "one, two, thre" },
        });
      });
    }

    test("each answer has its own", async () => {
      const answer = await bed.chat({
        model: "dynamo",
        ...replying({ text: "left STOP right" }),
        n: 3,
        stop: "STOP",
      });

      expect(answer.json.choices.map(({ message }) => message.content)).toEqual(["left ", "left ", "left "]);
    });

    test("the template's end of turn is one, in any split, and no part of the answer", async () => {
      const answer = await bed.chat({
        model: "vllm_model",
        ...replying({ pieces: ["Hello", "<|im_", "end|", ">", "\n<|im_start|>user"] }),
      });

      expect(answer.json.choices[0]).toMatchObject({ finish_reason: "stop", message: { content: "Hello" } });
    });

    test("a completion has no turns: their marks are text", async () => {
      const answer = await bed.complete({
        model: "vllm_model",
        prompt: '@reply {"text": "a<|im_end|> b"}',
      });

      expect(answer.json.choices[0]?.text).toBe("a<|im_end|> b");
    });
  });
});
