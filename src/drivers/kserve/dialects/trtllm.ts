import { ServeError } from "../../../core/error.ts";
import type { ModelConfig } from "../codec/messages.ts";
import { type AnswerDescription, createAnswerReader } from "./answer-reader.ts";
import type { Cumulative } from "./cumulative.ts";
import type { Constraint, CreateDialect, ModelProfile, Rpc, TextRequest } from "./dialect.ts";
import { createInputs, type InputDefaults, type Inputs, present } from "./inputs.ts";
import { createParameters } from "./parameters.ts";
import { finalResponseWanted, tritonRpcs } from "./triton.ts";

/**
 * TensorRT-LLM's text models on Triton, `ensemble` and `tensorrt_llm_bls`. They say no finish reason: an answer of as
 * many tokens as are allowed was cut.
 */
export const createTrtllm: CreateDialect = (model, { structuredOutputs, tensors = {} }) => {
  const inputs = createInputs(model, defaults);
  const parameters = createParameters(inputs, parameterNames, tensors.parameters);
  const tellsLength = inputs.takes("return_num_output_tokens", "flag") || hasOutput(model, "finish_reason");
  const givesSeveral = tellsChoice(model) && inputs.takes("num_return_sequences", "integer");
  const isDecoupled = model.config?.decoupled ?? true;
  // The inputs are there also where the engine was made without guided decoding, and then fail.
  const isGuided = structuredOutputs !== "none" && inputs.takes("guided_decoding_guide_type", "text");
  const description: AnswerDescription = {
    text: ["text_output"],
    finish: "finish_reason",
    ...(inputs.takes("return_num_output_tokens", "flag") ? { counts } : {}),
    cumulative: tensors.cumulative ?? accumulation(model.config),
    echo: echoOf(inputs, tensors.echo),
    choice: "sequence_index",
    alwaysText: true,
  };
  const isStreamed = (request: TextRequest, rpc: Rpc) =>
    rpc === "stream" && isDecoupled && (request.stream || !tellsLength || request.choices > 1);
  return {
    name: "trtllm",
    ownedBy: "tensorrt_llm",
    abilities: {
      choices: givesSeveral ? mostChoices : 1,
      sampling: parameters.sampling,
      extra: parameters.extra,
      logprobs: false,
      bestOf: false,
      reportsLength: tellsLength,
      constraints: new Set(isGuided ? ["json", "schema"] : []),
      images: inputs.takes("image_url_input", "text") ? "url" : "none",
      lora: false,
      needsMaxTokens: true,
      rpcs: tritonRpcs(model.config),
    },
    call: (request, rpc) => ({
      modelName: request.model,
      modelVersion: "",
      id: request.requestId,
      parameters: finalResponseWanted,
      inputs: present([
        inputs.one("text_input", request.prompt),
        ...parameters.tensors(request),
        inputs.one("stream", isStreamed(request, rpc)),
        inputs.one("exclude_input_in_output", true),
        inputs.one("num_return_sequences", request.choices > 1 ? request.choices : undefined),
        inputs.one("return_num_input_tokens", true),
        inputs.one("return_num_output_tokens", true),
        ...(isGuided ? guide(inputs, request.constraint) : []),
        ...images(inputs, request),
      ]),
    }),
    reader: (request, rpc, warn) =>
      createAnswerReader(description, { request, isStreamed: isStreamed(request, rpc), warn }),
  };
};

const defaults: InputDefaults = {
  text_input: "BYTES",
  max_tokens: "INT32",
  stop_words: "BYTES",
  bad_words: "BYTES",
  stream: "BOOL",
  exclude_input_in_output: "BOOL",
  top_k: "INT32",
  top_p: "FP32",
  temperature: "FP32",
  length_penalty: "FP32",
  repetition_penalty: "FP32",
  presence_penalty: "FP32",
  frequency_penalty: "FP32",
  min_tokens: "INT32",
  seed: "UINT64",
};
/** Where two are named, the second is of older releases. */
const parameterNames = {
  max_tokens: ["max_tokens"],
  temperature: ["temperature"],
  top_p: ["top_p"],
  top_k: ["top_k"],
  seed: ["seed", "random_seed"],
  frequency_penalty: ["frequency_penalty"],
  presence_penalty: ["presence_penalty"],
  stop: ["stop_words"],
  repetition_penalty: ["repetition_penalty"],
  length_penalty: ["length_penalty"],
  min_tokens: ["min_tokens", "min_length"],
  bad_words: ["bad_words"],
};
const counts = { prompt: "num_input_tokens", completion: "num_output_tokens", are: "unknown" } as const;
const mostChoices = 128;

function hasOutput({ metadata }: ModelProfile, name: string): boolean {
  return metadata?.outputs.some((output) => output.name === name) === true;
}

/** Only an ensemble that streams passes on the number of the answer that a message is of. */
function tellsChoice(model: ModelProfile): boolean {
  const { config } = model;
  return config?.platform === "ensemble" && config.decoupled && hasOutput(model, "sequence_index");
}

/** An ensemble decodes what is new; `tensorrt_llm_bls` has a setting; of other models nothing is known. */
function accumulation(config: ModelConfig | undefined): Cumulative {
  if (config?.platform === "ensemble") return false;
  const setting = config?.parameters.get("accumulate_tokens");
  return setting === undefined ? "unlikely" : ["true", "1", "t", "y", "yes"].includes(setting.toLowerCase());
}

function echoOf(inputs: Inputs, isEcho: boolean | undefined): AnswerDescription["echo"] {
  if (isEcho !== undefined) return isEcho ? "always" : "never";
  return inputs.takes("exclude_input_in_output", "flag") ? "never" : "unknown";
}

function guide(inputs: Inputs, constraint: Constraint | undefined) {
  switch (constraint?.kind) {
    case "json":
      return [inputs.one("guided_decoding_guide_type", "json")];
    case "schema":
      return [
        inputs.one("guided_decoding_guide_type", "json_schema"),
        inputs.one("guided_decoding_guide", JSON.stringify(constraint.schema)),
      ];
    case "choice":
    case undefined:
      return [];
  }
}

function images(inputs: Inputs, request: TextRequest) {
  const urls = request.images.map(({ url }) => url);
  if (urls.length < 2) return [inputs.one("image_url_input", urls[0])];
  if (inputs.takesMany("image_url_input", "text")) return [inputs.many("image_url_input", urls)];
  throw new ServeError("invalid_request", "This model takes one image.", {
    code: "unsupported_value",
    param: "messages",
  });
}
