import { describe, expect, test } from "bun:test";
import { expectError } from "../../support/expectations.ts";
import { user } from "../../support/openai-wire.ts";
import { describeBlackBox } from "../../support/prerequisites.ts";
import { serveModels, type Tensor } from "./bed.ts";

/** Every sampling field that any server takes, with values that are exact in 32 bits. */
const fields = {
  max_tokens: 50,
  temperature: 0.5,
  top_p: 0.75,
  top_k: 40,
  seed: 7,
  frequency_penalty: 0.25,
  presence_penalty: -0.5,
  logit_bias: { "5": 10 },
  stop: ["END", "HALT"],
  min_p: 0.125,
  repetition_penalty: 1.5,
  repeat_penalty: 1.25,
  length_penalty: 2,
  min_tokens: 2,
  ignore_eos: true,
  stop_token_ids: [1, 2],
  allowed_token_ids: [3],
  bad_words: ["bad", "worse"],
  include_stop_str_in_output: false,
  skip_special_tokens: true,
  spaces_between_special_tokens: false,
  invented: { by: "the client" },
};
const question = user("Say something.");
const prompt = "<|im_start|>user\nSay something.<|im_end|>\n<|im_start|>assistant\n";

interface Expected {
  rpc: string;
  tensors: Readonly<Record<string, Tensor>>;
  ignored: readonly (keyof typeof fields)[];
}

const openaiNames = [
  "temperature",
  "top_p",
  "top_k",
  "seed",
  "frequency_penalty",
  "presence_penalty",
  "logit_bias",
] as const;
const extraNames = [
  "min_p",
  "repetition_penalty",
  "repeat_penalty",
  "length_penalty",
  "min_tokens",
  "ignore_eos",
  "stop_token_ids",
  "allowed_token_ids",
  "bad_words",
  "include_stop_str_in_output",
  "skip_special_tokens",
  "spaces_between_special_tokens",
  "invented",
] as const;
/** What `max_tokens` and `stop` are not among: the edge does them. */
const all = [...openaiNames, ...extraNames];
const without = (...names: readonly (keyof typeof fields)[]) =>
  all.filter((name) => !new Set<string>(names).has(name));

const trtllm: Expected = {
  rpc: "ModelStreamInfer",
  tensors: {
    text_input: ["BYTES", [1, 1], [prompt]],
    max_tokens: ["INT32", [1, 1], [50]],
    temperature: ["FP32", [1, 1], [0.5]],
    top_p: ["FP32", [1, 1], [0.75]],
    top_k: ["INT32", [1, 1], [40]],
    seed: ["UINT64", [1, 1], [7]],
    frequency_penalty: ["FP32", [1, 1], [0.25]],
    presence_penalty: ["FP32", [1, 1], [-0.5]],
    stop_words: ["BYTES", [1, 2], ["END", "HALT"]],
    repetition_penalty: ["FP32", [1, 1], [1.5]],
    length_penalty: ["FP32", [1, 1], [2]],
    min_tokens: ["INT32", [1, 1], [2]],
    bad_words: ["BYTES", [1, 2], ["bad", "worse"]],
    stream: ["BOOL", [1, 1], [false]],
    exclude_input_in_output: ["BOOL", [1, 1], [true]],
    return_num_input_tokens: ["BOOL", [1, 1], [true]],
    return_num_output_tokens: ["BOOL", [1, 1], [true]],
  },
  ignored: without(
    "temperature",
    "top_p",
    "top_k",
    "seed",
    "frequency_penalty",
    "presence_penalty",
    "repetition_penalty",
    "length_penalty",
    "min_tokens",
    "bad_words",
  ),
};

/** Model, and what its server gets of a request with all the fields. */
const models: readonly (readonly [string, Expected])[] = [
  [
    "vllm_model",
    {
      rpc: "ModelStreamInfer",
      tensors: {
        text_input: ["BYTES", [1], [prompt]],
        stream: ["BOOL", [1], [false]],
        sampling_parameters: ["BYTES", [1], [expect.any(String)]],
        exclude_input_in_output: ["BOOL", [1], [true]],
        return_finish_reason: ["BOOL", [1], [true]],
        return_num_input_tokens: ["BOOL", [1], [true]],
        return_num_output_tokens: ["BOOL", [1], [true]],
      },
      ignored: ["logit_bias", "repeat_penalty", "length_penalty", "invented"],
    },
  ],
  ["ensemble", trtllm],
  ["tensorrt_llm_bls", trtllm],
  [
    "tensorrt_llm",
    {
      rpc: "ModelStreamInfer",
      tensors: {
        text_input: ["BYTES", [1], [prompt]],
        streaming: ["BOOL", [1], [false]],
        sampling_param_max_tokens: ["INT32", [1], [50]],
        sampling_param_temperature: ["FP32", [1], [0.5]],
        sampling_param_top_p: ["FP32", [1], [0.75]],
        sampling_param_top_k: ["INT32", [1], [40]],
        sampling_param_seed: ["UINT64", [1], [7]],
        sampling_param_frequency_penalty: ["FP32", [1], [0.25]],
        sampling_param_presence_penalty: ["FP32", [1], [-0.5]],
        sampling_param_stop: ["BYTES", [2], ["END", "HALT"]],
        sampling_param_exclude_input_from_output: ["BOOL", [1], [true]],
        return_finish_reason: ["BOOL", [1], [true]],
      },
      ignored: ["logit_bias", ...extraNames],
    },
  ],
  [
    "generic",
    {
      rpc: "ModelStreamInfer",
      tensors: {
        prompt: ["BYTES", [1], [prompt]],
        stream: ["BOOL", [1], [true]],
        max_tokens: ["INT32", [1], [50]],
        temperature: ["FP32", [1], [0.5]],
      },
      ignored: without("temperature"),
    },
  ],
  [
    "mock_llm",
    {
      rpc: "ModelStreamInfer",
      tensors: { PROMPT: ["BYTES", [1, 1], [prompt]], STREAM: ["BOOL", [1, 1], [true]] },
      ignored: all,
    },
  ],
  [
    "dynamo",
    {
      rpc: "ModelStreamInfer",
      tensors: { text_input: ["BYTES", [1], [prompt]], streaming: ["BOOL", [1], [true]] },
      ignored: all,
    },
  ],
  ["mlserver", { rpc: "ModelStreamInfer", tensors: { prompt: ["BYTES", [1], [prompt]] }, ignored: all }],
  [
    "pipeline",
    {
      rpc: "ModelInfer",
      tensors: { args: ["BYTES", [1], [prompt]] },
      // Its answers come whole: a limit that it does not take cannot be kept.
      ignored: [...all, "max_tokens"],
    },
  ],
  ["ovms", { rpc: "ModelStreamInfer", tensors: { pre_prompt: ["BYTES", [1], [prompt]] }, ignored: all }],
  [
    "kserve",
    {
      rpc: "ModelInfer",
      tensors: { text_input: ["BYTES", [1], [prompt]], max_tokens: ["INT32", [1], [50]] },
      ignored: all,
    },
  ],
];

describeBlackBox("Parameters as they arrive at the servers", () => {
  const servers = {
    triton: [
      { dialect: "vllm" },
      { dialect: "trtllm" },
      { dialect: "trtllm-bls" },
      { dialect: "llmapi" },
      { dialect: "generic" },
      { dialect: "mock" },
    ],
    dynamo: [{ dialect: "dynamo", model: "dynamo" }],
    mlserver: [
      { dialect: "mlserver", model: "mlserver" },
      { dialect: "mlserver-hf", model: "pipeline" },
    ],
    ovms: [{ dialect: "ovms", model: "ovms" }],
    kserve: [{ dialect: "kserve-python", model: "kserve" }],
  } as const;
  const named = Object.fromEntries(
    Object.entries(servers).flatMap(([backend, served]) =>
      served.flatMap((model) => ("model" in model ? [[model.model, { backend }]] : [])),
    ),
  );
  const triton = Object.fromEntries(
    ["vllm_model", "ensemble", "tensorrt_llm_bls", "tensorrt_llm", "generic", "mock_llm"].map((model) => [
      model,
      { backend: "triton" },
    ]),
  );

  describe("all at once", () => {
    const bed = serveModels({ servers, models: { ...triton, ...named } });

    for (const [model, { rpc, tensors, ignored }] of models) {
      test(`${model} gets what it has tensors for, and the client is told of the rest`, async () => {
        const answer = await bed.chat({ model, ...question, ...fields });

        expect(answer.status).toBe(200);
        const [arrived, ...others] = await bed.arrived();
        expect(others).toEqual([]);
        expect(arrived?.call.rpc).toBe(rpc);
        expect(arrived?.tensors).toEqual(tensors);
        expect(answer.headers.get("x-oai-serve-ignored-params")?.split(", ").toSorted()).toEqual(
          [...ignored].toSorted(),
        );
      });
    }

    test("vLLM's come as JSON, in the names of its SamplingParams", async () => {
      await bed.chat({ model: "vllm_model", ...question, ...fields });

      const ignored = new Set(["logit_bias", "repeat_penalty", "length_penalty", "invented"]);
      expect((await bed.arrived())[0]?.sampling).toEqual(
        Object.fromEntries(Object.entries(fields).filter(([name]) => !ignored.has(name))),
      );
    });

    test("without any, a server gets none", async () => {
      await bed.chat({ model: "tensorrt_llm", ...question });

      expect(Object.keys((await bed.arrived())[0]?.tensors ?? {})).toEqual([
        "text_input",
        "streaming",
        "sampling_param_exclude_input_from_output",
        "return_finish_reason",
      ]);
    });

    test("a negative seed becomes one that an unsigned tensor can hold", async () => {
      await bed.chat({ model: "tensorrt_llm", ...question, seed: -5 });

      expect((await bed.arrived())[0]?.tensors["sampling_param_seed"]).toEqual(["UINT64", [1], [5]]);
    });

    for (const [model, tensor] of [
      ["ensemble", "top_k"],
      ["tensorrt_llm", "sampling_param_top_k"],
    ] as const) {
      test(`${model} gets "all tokens" in TensorRT-LLM's word for it`, async () => {
        await bed.chat({ model, ...question, top_k: -1 });

        expect((await bed.arrived())[0]?.tensors[tensor]?.[2]).toEqual([0]);
      });
    }

    test("a nucleus of nothing is as small a one as servers take", async () => {
      await bed.chat({ model: "vllm_model", ...question, top_p: 0 });
      await bed.chat({ model: "ensemble", ...question, top_p: 0 });

      const [vllm, ensemble] = await bed.arrived();
      expect(vllm?.sampling["top_p"]).toBeWithin(1e-9, 1e-3);
      expect(Number(ensemble?.tensors["top_p"]?.[2])).toBeWithin(1e-9, 1e-3);
    });

    for (const [field, value] of [
      ["min_p", "much"],
      ["ignore_eos", 1],
      ["stop_token_ids", ["a"]],
      ["bad_words", [1]],
    ] as const) {
      test(`a '${field}' of the wrong type is refused before the server is asked`, async () => {
        const answer = await bed.chat({ model: "vllm_model", ...question, [field]: value });

        expectError(answer, { status: 400, code: "invalid_type", param: field });
        expect(await bed.arrived()).toEqual([]);
      });
    }

    for (const [model, field, value] of [
      ["vllm_model", "repetition_penalty", 0],
      ["vllm_model", "min_p", 2],
      ["ensemble", "repetition_penalty", -1],
      ["ensemble", "min_tokens", -1],
    ] as const) {
      test(`a '${field}' that no engine takes is refused for ${model} before the server is asked`, async () => {
        const answer = await bed.chat({ model, ...question, [field]: value });

        expectError(answer, { status: 400, code: "invalid_value", param: field });
        expect(await bed.arrived()).toEqual([]);
      });
    }

    test("an extra field of the wrong type for a tensor is refused too", async () => {
      const answer = await bed.chat({ model: "ensemble", ...question, min_tokens: 1.5 });

      expectError(answer, { status: 400, code: "invalid_type", param: "min_tokens" });
    });

    test("bookkeeping fields are taken without a word", async () => {
      const answer = await bed.chat({ model: "dynamo", ...question, user: "me", metadata: {}, store: false });

      expect(answer.headers.get("x-oai-serve-ignored-params")).toBeNull();
    });

    test("a stream tells the same in its headers", async () => {
      const stream = await bed.streamChat({ model: "dynamo", ...question, temperature: 1, invented: 1 });

      expect(stream.headers.get("x-oai-serve-ignored-params")).toBe("temperature, invented");
    });

    test("completions send the same", async () => {
      const answer = await bed.complete({ model: "ensemble", prompt: "Say something.", ...fields });

      expect(answer.status).toBe(200);
      expect((await bed.arrived())[0]?.tensors).toEqual({
        ...trtllm.tensors,
        text_input: ["BYTES", [1, 1], ["Say something."]],
      });
    });
  });

  describe("under --strict", () => {
    const bed = serveModels({ servers, models: { ...triton, ...named }, args: ["--strict"] });

    for (const [model, { ignored }] of models) {
      test(`${model} refuses each that it cannot take, and serves the rest`, async () => {
        const refused: string[] = [];
        for (const name of ignored) {
          const answer = await bed.chat({ model, ...question, [name]: fields[name] });
          const error = expectError(answer, { status: 400, param: name });
          expect(error.code).toMatch(/^un(known|supported)_parameter$/);
          refused.push(name);
        }
        expect(await bed.arrived()).toEqual([]);
        const taken = Object.fromEntries(Object.entries(fields).filter(([name]) => !refused.includes(name)));

        const answer = await bed.chat({ model, ...question, ...taken });

        expect(answer.status).toBe(200);
        expect(answer.headers.get("x-oai-serve-ignored-params")).toBeNull();
      });
    }
  });
});
