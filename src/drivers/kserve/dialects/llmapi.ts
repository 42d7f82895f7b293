import { type AnswerDescription, createAnswerReader } from "./answer-reader.ts";
import type { CreateDialect, Rpc, TextRequest } from "./dialect.ts";
import { createInputs, type InputDefaults, present } from "./inputs.ts";
import { createParameters } from "./parameters.ts";
import { finalResponseWanted, tritonRpcs } from "./triton.ts";

/** TensorRT-LLM's LLM API on Triton: sampling in tensors of the prefix `sampling_param_`, no counts of tokens. */
export const createLlmapi: CreateDialect = (model, { tensors = {} }) => {
  const inputs = createInputs(model, defaults);
  const parameters = createParameters(inputs, parameterNames, tensors.parameters);
  const tellsFinish = inputs.takes("return_finish_reason", "flag");
  const takesBestOf = inputs.takes("sampling_param_best_of", "integer");
  const isDecoupled = model.config?.decoupled ?? true;
  const description: AnswerDescription = {
    text: ["text_output"],
    finish: "finish_reason",
    // The releases that are known send the whole text so far.
    cumulative: tensors.cumulative ?? "likely",
    echo: inputs.takes(excludeInput, "flag") ? "never" : "unknown",
    alwaysText: true,
  };
  const isStreamed = (request: TextRequest, rpc: Rpc) =>
    rpc === "stream" && isDecoupled && request.bestOf === undefined && (request.stream || !tellsFinish);
  return {
    name: "llmapi",
    ownedBy: "tensorrt_llm",
    abilities: {
      choices: 1,
      sampling: parameters.sampling,
      extra: parameters.extra,
      logprobs: false,
      bestOf: takesBestOf,
      reportsLength: tellsFinish,
      constraints: new Set(),
      images: inputs.takesMany("image_url", "text") ? "url" : "none",
      // Where an adapter has an id as well, its name alone is refused.
      lora: inputs.takes("lora_name", "text") && inputs.datatype("lora_id") === undefined,
      needsMaxTokens: inputs.isRequired("sampling_param_max_tokens"),
      rpcs: tritonRpcs(model.config),
    },
    call: (request, rpc) => ({
      modelName: request.model,
      modelVersion: "",
      id: request.requestId,
      parameters: finalResponseWanted,
      inputs: present([
        inputs.one("text_input", request.prompt),
        inputs.many(
          "image_url",
          request.images.map(({ url }) => url),
        ),
        inputs.one("streaming", isStreamed(request, rpc)),
        ...parameters.tensors(request),
        inputs.one("sampling_param_best_of", request.bestOf),
        inputs.one(excludeInput, true),
        inputs.one("return_finish_reason", true),
        inputs.one("lora_name", request.lora),
      ]),
    }),
    reader: (request, rpc, warn) =>
      createAnswerReader(description, { request, isStreamed: isStreamed(request, rpc), warn }),
  };
};

const excludeInput = "sampling_param_exclude_input_from_output";

const defaults: InputDefaults = {
  text_input: "BYTES",
  streaming: "BOOL",
  sampling_param_best_of: "INT32",
  sampling_param_temperature: "FP32",
  sampling_param_top_k: "INT32",
  sampling_param_top_p: "FP32",
  sampling_param_frequency_penalty: "FP32",
  sampling_param_presence_penalty: "FP32",
  sampling_param_max_tokens: "INT32",
  sampling_param_stop: "BYTES",
  sampling_param_seed: "UINT64",
  sampling_param_exclude_input_from_output: "BOOL",
  return_finish_reason: "BOOL",
};
const parameterNames = Object.fromEntries(
  [
    "max_tokens",
    "temperature",
    "top_p",
    "top_k",
    "seed",
    "frequency_penalty",
    "presence_penalty",
    "stop",
    "min_p",
    "repetition_penalty",
    "min_tokens",
    "ignore_eos",
  ].map((name) => [name, [`sampling_param_${name}`]]),
);
