import { describe, expect, test } from "bun:test";
import type {
  ModelConfig,
  ModelMetadata,
  ServerMetadata,
} from "../../../../src/drivers/kserve/codec/messages.ts";
import { detectDialect, isAnyserve } from "../../../../src/drivers/kserve/detect/detect-dialect.ts";
import type { DialectName, ModelProfile } from "../../../../src/drivers/kserve/dialects/dialect.ts";

const server = (name: string): ServerMetadata => ({ name, version: "1", extensions: [] });
const triton = server("triton");

/** Tensors as `name:datatype`; a `?` after the name says that it may be left out. */
type Tensors = string;

interface Model {
  inputs?: Tensors;
  outputs?: Tensors;
  platform?: string;
  config?: Partial<ModelConfig>;
}

function profile({ inputs = "", outputs = "", platform = "", config }: Model): ModelProfile {
  return {
    name: "model",
    metadata: metadata(inputs, outputs, platform),
    ...(config === undefined
      ? {}
      : { config: { ...plainConfig, ...config, optionalInputs: optionals(inputs) } }),
  };
}

const plainConfig: ModelConfig = {
  platform: "",
  backend: "",
  maxBatchSize: 0,
  decoupled: false,
  optionalInputs: new Set(),
  parameters: new Map(),
};

function metadata(inputs: Tensors, outputs: Tensors, platform: string): ModelMetadata {
  return { name: "model", versions: ["1"], platform, inputs: tensors(inputs), outputs: tensors(outputs) };
}

function tensors(text: Tensors) {
  return words(text).map((word) => {
    const [name = "", datatype = ""] = word.replace("?", "").split(":");
    return { name, datatype, shape: [1] };
  });
}

function optionals(text: Tensors): Set<string> {
  return new Set(words(text).flatMap((word) => (word.includes("?") ? [word.split("?")[0] ?? ""] : [])));
}

function words(text: Tensors): string[] {
  return text.split(/\s+/).filter((word) => word !== "");
}

const vllmInputs =
  "text_input:BYTES image?:BYTES stream?:BOOL sampling_parameters?:BYTES exclude_input_in_output?:BOOL return_finish_reason?:BOOL return_cumulative_logprob?:BOOL return_logprobs?:BOOL return_num_input_tokens?:BOOL return_num_output_tokens?:BOOL embedding_request?:BYTES";
const vllmOutputs =
  "text_output:BYTES finish_reason:BYTES cumulative_logprob:FP32 logprobs:BYTES num_input_tokens:UINT32 num_output_tokens:UINT32";
const trtllmInputs =
  "text_input:BYTES decoder_text_input?:BYTES image_input?:FP16 max_tokens:INT32 bad_words?:BYTES stop_words?:BYTES exclude_input_in_output?:BOOL end_id?:INT32 pad_id?:INT32 top_k?:INT32 top_p?:FP32 temperature?:FP32 stream?:BOOL guided_decoding_guide?:BYTES embedding_bias_words?:BYTES lora_weights?:FP16";
const trtllmOutputs =
  "text_output:BYTES cum_log_probs:FP32 output_log_probs:FP32 context_logits:FP32 batch_index:INT32 sequence_index:INT32";
const llmapiInputs =
  "text_input:BYTES image_url?:BYTES streaming?:BOOL sampling_param_best_of?:INT32 sampling_param_temperature?:FP32 sampling_param_max_tokens?:INT32 sampling_param_stop?:BYTES sampling_param_exclude_input_from_output?:BOOL return_finish_reason?:BOOL stop?:BOOL lora_name?:BYTES";
const llmapiOutputs = "text_output:BYTES finish_reason:BYTES stop_reason:BYTES cumulative_logprob:FP32";
const preprocessingInputs =
  "QUERY:BYTES DECODER_QUERY?:BYTES REQUEST_OUTPUT_LEN:INT32 BAD_WORDS_DICT?:BYTES STOP_WORDS_DICT?:BYTES EMBEDDING_BIAS_WORDS?:BYTES EMBEDDING_BIAS_WEIGHTS?:FP32 END_ID?:INT32 PAD_ID?:INT32";
const preprocessingOutputs =
  "INPUT_ID:INT32 REQUEST_INPUT_LEN:INT32 DECODER_INPUT_ID:INT32 BAD_WORDS_IDS:INT32 EMBEDDING_BIAS:FP32 OUT_END_ID:INT32";
const coreInputs =
  "input_ids:INT32 input_lengths:INT32 request_output_len:INT32 end_id?:INT32 runtime_top_k?:INT32 runtime_top_p?:FP32 temperature?:FP32 streaming?:BOOL lora_config?:INT32";
const python = { backend: "python" };

const models: readonly [string, ServerMetadata | undefined, Model, DialectName | undefined][] = [
  [
    "Triton's vLLM backend",
    triton,
    {
      inputs: vllmInputs,
      outputs: vllmOutputs,
      platform: "vllm",
      config: { backend: "vllm", decoupled: true },
    },
    "vllm",
  ],
  [
    "its first version, with three inputs",
    triton,
    {
      inputs: "text_input:BYTES stream:BOOL sampling_parameters?:BYTES",
      outputs: "text_output:BYTES",
      config: { backend: "vllm", decoupled: true },
    },
    "vllm",
  ],
  [
    "an ensemble in front of it",
    triton,
    { inputs: vllmInputs, outputs: vllmOutputs, platform: "ensemble", config: { platform: "ensemble" } },
    "vllm",
  ],
  [
    "it where neither server nor configuration is told",
    undefined,
    { inputs: vllmInputs, outputs: vllmOutputs },
    "vllm",
  ],
  [
    "TensorRT-LLM's ensemble",
    triton,
    { inputs: trtllmInputs, outputs: trtllmOutputs, platform: "ensemble", config: { maxBatchSize: 64 } },
    "trtllm",
  ],
  [
    "TensorRT-LLM's BLS model",
    triton,
    {
      inputs: `${trtllmInputs} num_draft_tokens?:INT32 use_draft_logits?:BOOL`,
      outputs: trtllmOutputs,
      config: { ...python, maxBatchSize: 64, decoupled: true },
    },
    "trtllm",
  ],
  [
    "TensorRT-LLM's preprocessing",
    triton,
    { inputs: preprocessingInputs, outputs: preprocessingOutputs, config: python },
    undefined,
  ],
  [
    "TensorRT-LLM's postprocessing",
    triton,
    {
      inputs: "TOKENS_BATCH:INT32 SEQUENCE_LENGTH:INT32 CUM_LOG_PROBS?:FP32",
      outputs: "OUTPUT:BYTES OUT_CUM_LOG_PROBS:FP32",
      config: python,
    },
    undefined,
  ],
  [
    "TensorRT-LLM's engine",
    triton,
    {
      inputs: coreInputs,
      outputs: "output_ids:INT32 sequence_length:INT32",
      config: { backend: "tensorrtllm" },
    },
    undefined,
  ],
  [
    "TensorRT-LLM's first ensemble, whose inputs have no names",
    triton,
    {
      inputs: "INPUT_0:BYTES INPUT_1:UINT32 INPUT_2:BYTES INPUT_3:BYTES end_id?:UINT32 streaming?:BOOL",
      outputs: "OUTPUT_0:BYTES",
      config: { platform: "ensemble", maxBatchSize: 128 },
    },
    undefined,
  ],
  [
    "TensorRT-LLM's Python API",
    triton,
    { inputs: llmapiInputs, outputs: llmapiOutputs, config: python },
    "llmapi",
  ],
  [
    "its smallest form",
    triton,
    { inputs: "text_input:BYTES streaming?:BOOL", outputs: "text_output:BYTES", config: python },
    "llmapi",
  ],
  [
    "Dynamo",
    undefined,
    {
      inputs: "text_input:BYTES streaming?:BOOL",
      outputs: "text_output:BYTES finish_reason:BYTES",
      platform: "dynamo",
      config: { platform: "dynamo", backend: "dynamo" },
    },
    "dynamo",
  ],
  [
    "Dynamo without its platform",
    undefined,
    { inputs: "text_input:BYTES stream:BOOL", outputs: "text_output:BYTES finish_reason:BYTES" },
    "dynamo",
  ],
  [
    "a tensor model of Dynamo's",
    undefined,
    { inputs: "pixels:FP32", outputs: "labels:FP32", platform: "dynamo", config: { backend: "dynamo" } },
    undefined,
  ],
  ["an AnyServe dispatcher", server("anyserve-ingress"), { platform: "anyserve" }, "anyserve"],
  ["an AnyServe worker", server("anyserve"), {}, "anyserve"],
  ["AnyServe that does not tell its name", undefined, { platform: "anyserve" }, "anyserve"],
  [
    "a text runtime of MLServer's",
    server("mlserver"),
    { inputs: "prompt:BYTES", outputs: "output:BYTES" },
    "mlserver",
  ],
  ["a runtime of MLServer's that describes nothing", server("mlserver"), {}, "mlserver"],
  [
    "MLServer's HuggingFace runtime",
    server("mlserver"),
    { inputs: "args:BYTES", outputs: "output:BYTES" },
    "mlserver",
  ],
  ["it on a server without a name", undefined, { inputs: "args:BYTES", outputs: "output:BYTES" }, "mlserver"],
  [
    "a regression of MLServer's",
    server("mlserver"),
    { inputs: "input-0:FP64", outputs: "predict:FP64" },
    undefined,
  ],
  [
    "an embedding model of MLServer's",
    server("mlserver"),
    { inputs: "text:BYTES", outputs: "vector:FP32" },
    "mlserver",
  ],
  [
    "OpenVINO's text demo",
    server("OpenVINO Model Server"),
    { inputs: "pre_prompt:BYTES", outputs: "completion:BYTES token_count:INT32 end_signal:BYTES" },
    "ovms",
  ],
  [
    "it as the server describes it",
    server("OpenVINO Model Server"),
    { inputs: "pre_prompt:INVALID", outputs: "completion:INVALID token_count:INVALID end_signal:INVALID" },
    "ovms",
  ],
  [
    "a text model of the KServe Python server",
    server("kserve"),
    { inputs: "text_input:BYTES max_tokens:INT32", outputs: "text_output:BYTES" },
    "generic",
  ],
  ["one that describes nothing", server("kserve"), {}, undefined],
  [
    "Triton's own mock of a text model",
    triton,
    {
      inputs: "text_input:BYTES stream:BOOL return_logprobs?:BOOL",
      outputs: "text_output:BYTES",
      config: { ...python, decoupled: true },
    },
    "generic",
  ],
  [
    "one with TensorRT-LLM's inputs and no batches",
    triton,
    {
      inputs: "text_input:BYTES stream:BOOL max_tokens?:INT32 stop_words?:BYTES guided_decoding_guide?:BYTES",
      outputs: "text_output:BYTES num_input_tokens:INT32 num_output_tokens:INT32",
      config: { ...python, decoupled: true },
    },
    "trtllm",
  ],
  [
    "a Python model of one's own",
    triton,
    { inputs: "PROMPT:BYTES", outputs: "COMPLETION:BYTES", config: python },
    "generic",
  ],
  [
    "one that must have what nobody can give",
    triton,
    { inputs: "prompt:BYTES speaker_vector:FP32", outputs: "text:BYTES", config: python },
    undefined,
  ],
  [
    "an embedding model",
    triton,
    { inputs: "text_input:BYTES", outputs: "embedding:FP32", config: { ...python, maxBatchSize: 64 } },
    "generic",
  ],
  [
    "an embedding model that counts",
    triton,
    { inputs: "text:BYTES", outputs: "vector:FP16 num_input_tokens:INT32", config: python },
    "generic",
  ],
  [
    "a tokenizer",
    triton,
    { inputs: "text:BYTES", outputs: "input_ids:INT64 attention_mask:FP32", config: python },
    undefined,
  ],
  [
    "a classifier of images",
    triton,
    {
      inputs: "data_0:FP32",
      outputs: "fc6_1:FP32",
      platform: "onnxruntime_onnx",
      config: { backend: "onnxruntime" },
    },
    undefined,
  ],
  [
    "a classifier of encoded images",
    triton,
    { inputs: "IMAGE_BYTES:BYTES", outputs: "probabilities:FP32", config: python },
    undefined,
  ],
  [
    "a speech recogniser",
    triton,
    { inputs: "WAV:FP32 WAV_LENS:INT32", outputs: "TRANSCRIPTS:BYTES", config: python },
    undefined,
  ],
];

describe("the dialect of", () => {
  for (const [what, said, model, dialect] of models) {
    test(`${what} is ${dialect ?? "none"}`, () => {
      expect(detectDialect(said, profile(model))).toBe(dialect);
    });
  }

  test("a model of which nothing is said is none, but on a server whose models are all of one kind", () => {
    expect(detectDialect(triton, { name: "model" })).toBeUndefined();
    expect(detectDialect(undefined, { name: "model" })).toBeUndefined();
    expect(detectDialect(server("mlserver"), { name: "model" })).toBe("mlserver");
    expect(detectDialect(server("anyserve"), { name: "model" })).toBe("anyserve");
  });
});

test("AnyServe is known by its name", () => {
  expect([server("anyserve"), server("anyserve-ingress"), triton, undefined].map(isAnyserve)).toEqual([
    true,
    true,
    false,
    false,
  ]);
});
