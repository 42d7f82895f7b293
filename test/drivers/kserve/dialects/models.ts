import { type ModelSketch, profileOf } from "./support.ts";

const optional = (datatype: string, shape: readonly number[], ...names: readonly string[]) =>
  names.map((name) => [name, datatype, shape] as const);

const vllmInputs = [
  ["text_input", "BYTES"],
  ["image", "BYTES", [-1]],
  ["stream", "BOOL"],
  ["sampling_parameters", "BYTES"],
  ["exclude_input_in_output", "BOOL"],
] as const;
const vllmTold = optional(
  "BOOL",
  [1],
  "return_finish_reason",
  "return_cumulative_logprob",
  "return_logprobs",
  "return_num_input_tokens",
  "return_num_output_tokens",
);
const vllmOutputs = [
  ["text_output", "BYTES", [-1]],
  ["finish_reason", "BYTES", [-1]],
  ["cumulative_logprob", "FP32", [-1]],
  ["logprobs", "BYTES", [-1]],
  ["num_input_tokens", "UINT32", [1]],
  ["num_output_tokens", "UINT32", [-1]],
] as const;
const vllmConfig = { platform: "", decoupled: true, required: ["text_input"] };

/** Triton's vLLM backend: the present one, the one before it embedded, and the first. */
export const vllm = profileOf({
  inputs: [...vllmInputs, ...vllmTold, ["embedding_request", "BYTES"]],
  outputs: vllmOutputs,
  config: vllmConfig,
});
export const vllmWithoutEmbeddings = profileOf({
  inputs: [...vllmInputs, ...vllmTold],
  outputs: vllmOutputs,
  config: vllmConfig,
});
export const vllmFirst = profileOf({
  inputs: vllmInputs,
  outputs: [["text_output", "BYTES", [-1]]],
  config: vllmConfig,
});

/** TensorRT-LLM's ensemble, with a batch dimension before all. */
const ensemble: ModelSketch = {
  inputs: [
    ["text_input", "BYTES", [-1, 1]],
    ["max_tokens", "INT32", [-1, 1]],
    ...optional(
      "INT32",
      [-1, 1],
      "num_return_sequences",
      "end_id",
      "pad_id",
      "top_k",
      "min_tokens",
      "beam_width",
    ),
    ...optional("BYTES", [-1, -1], "bad_words", "stop_words"),
    ...optional("BOOL", [-1, 1], "exclude_input_in_output", "stream", "return_log_probs"),
    ...optional("BOOL", [-1, 1], "return_num_input_tokens", "return_num_output_tokens"),
    ...optional("FP32", [-1, 1], "top_p", "temperature", "length_penalty", "repetition_penalty"),
    ...optional("FP32", [-1, 1], "presence_penalty", "frequency_penalty"),
    ["seed", "UINT64", [-1, 1]],
    ...optional("BYTES", [-1, 1], "guided_decoding_guide_type", "guided_decoding_guide"),
  ],
  outputs: [
    ["text_output", "BYTES", [-1, -1]],
    ["sequence_index", "INT32", [-1, 1]],
    ["num_input_tokens", "INT32", [-1, 1]],
    ["num_output_tokens", "INT32", [-1, 1]],
  ],
};
const ensembleConfig = {
  platform: "ensemble",
  maxBatchSize: 64,
  decoupled: true,
  required: ["text_input", "max_tokens"],
};
export const trtllm = profileOf({ ...ensemble, config: ensembleConfig });
export const trtllmUnary = profileOf({ ...ensemble, config: { ...ensembleConfig, decoupled: false } });
export const trtllmBls = (parameters: Readonly<Record<string, string>>) =>
  profileOf({
    ...ensemble,
    inputs: [...(ensemble.inputs ?? []), ["image_url_input", "BYTES", [-1, 1]]],
    config: { ...ensembleConfig, platform: "", parameters },
  });
/** Before it counted tokens, could leave the prompt out, and named the seed `seed`. */
export const trtllmOld = profileOf({
  inputs: [
    ["text_input", "BYTES", [-1, 1]],
    ["max_tokens", "INT32", [-1, 1]],
    ...optional("BYTES", [-1, -1], "bad_words", "stop_words"),
    ["stream", "BOOL", [-1, 1]],
    ["random_seed", "UINT64", [-1, 1]],
    ["min_length", "INT32", [-1, 1]],
  ],
  outputs: [["text_output", "BYTES", [-1, -1]]],
  config: ensembleConfig,
});

/** TensorRT-LLM's LLM API. */
export const llmapi = profileOf({
  inputs: [
    ["text_input", "BYTES", [-1]],
    ["image_url", "BYTES", [-1]],
    ["streaming", "BOOL"],
    ...optional("INT32", [1], "sampling_param_best_of", "sampling_param_top_k", "sampling_param_max_tokens"),
    ...optional("FP32", [1], "sampling_param_temperature", "sampling_param_top_p"),
    ...optional("FP32", [1], "sampling_param_frequency_penalty", "sampling_param_presence_penalty"),
    ["sampling_param_stop", "BYTES", [-1]],
    ["sampling_param_seed", "UINT64"],
    ["sampling_param_exclude_input_from_output", "BOOL"],
    ...optional("BOOL", [1], "return_finish_reason", "return_stop_reason"),
    ["lora_id", "UINT64"],
    ...optional("BYTES", [1], "lora_name", "lora_path"),
  ],
  outputs: [
    ["text_output", "BYTES", [-1]],
    ["finish_reason", "BYTES", [-1]],
  ],
  config: { required: ["text_input"] },
});

export const dynamo = profileOf({
  platform: "dynamo",
  inputs: [
    ["text_input", "BYTES"],
    ["streaming", "BOOL"],
  ],
  outputs: [
    ["text_output", "BYTES", [-1]],
    ["finish_reason", "BYTES", [-1]],
  ],
  config: {},
});

export const mlserver = profileOf({ inputs: [["prompt", "BYTES"]], outputs: [["output", "BYTES"]] });
export const mlserverPipeline = profileOf({
  platform: "huggingface",
  inputs: [["args", "BYTES"]],
  outputs: [["output", "BYTES"]],
});

/** A graph of OpenVINO Model Server declares names only. */
export const ovms = profileOf({
  platform: "OpenVINO",
  inputs: [["pre_prompt", "INVALID", []]],
  outputs: [
    ["completion", "INVALID", []],
    ["token_count", "INVALID", []],
    ["end_signal", "INVALID", []],
  ],
});

/** A model of Triton's Python backend, decoupled or not. */
const pythonModel = {
  inputs: [
    ["prompt", "BYTES"],
    ["max_tokens", "INT32"],
    ["temperature", "FP32"],
    ["stream", "BOOL"],
  ],
  outputs: [["output", "BYTES", [-1]]],
} as const satisfies ModelSketch;
export const generic = profileOf({ ...pythonModel, config: { required: ["prompt"] } });
export const genericUnary = profileOf({
  ...pythonModel,
  config: { required: ["prompt"], decoupled: false },
});
