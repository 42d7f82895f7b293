import type { Sampling } from "../../../core/generation.ts";
import type { InferResponse, InputTensor } from "../codec/messages.ts";
import { readIntegerOutput, readTextOutput } from "../codec/tensor.ts";
import { createAnswerReader } from "./answer-reader.ts";
import type { Dialect, ModelFacts, Rpc, TextRequest } from "./dialect.ts";
import { bytesInput, floatInput, int32Input, int64Input } from "./inputs.ts";

/**
 * AnyServe's llama.cpp worker. The model name says what is wanted (`generate`, `generate_stream`, `model_info`),
 * the version who does it; every tensor has shape [1] and typed contents.
 */
export const anyserve: Dialect = {
  ownedBy: "anyserve",
  sampling: new Set<keyof Sampling>(["maxTokens", "temperature", "topP", "topK"]),
  extra: new Set(),
  call: (request, rpc) => ({
    modelName: rpc === "stream" ? "generate_stream" : "generate",
    modelVersion: workerVersion,
    inputs: present([
      bytesInput("prompt", [request.prompt]),
      int32Input("max_tokens", request.sampling.maxTokens),
      floatInput("temperature", request.sampling.temperature),
      floatInput("top_p", request.sampling.topP),
      int32Input("top_k", request.sampling.topK),
    ]),
  }),
  reader: createReader,
  facts: { call: { modelName: "model_info", modelVersion: "llamacpp", inputs: [] }, read: readFacts },
};

/**
 * AnyServe's other layout: the model has its own name, whole numbers are INT64, and stop texts and a repeat
 * penalty are taken.
 */
export const anyserveNamed: Dialect = {
  ...anyserve,
  sampling: new Set<keyof Sampling>([...anyserve.sampling, "stop"]),
  extra: new Set(["repeat_penalty"]),
  call: (request) => ({
    modelName: request.model,
    modelVersion: "",
    inputs: present([
      bytesInput("prompt", [request.prompt]),
      int64Input("max_tokens", request.sampling.maxTokens),
      floatInput("temperature", request.sampling.temperature),
      floatInput("top_p", request.sampling.topP),
      int64Input("top_k", request.sampling.topK),
      floatInput("repeat_penalty", repeatPenalty(request)),
      bytesInput("stop", request.sampling.stop ?? []),
    ]),
  }),
};

const workerVersion = "llamacpp";

function createReader(rpc: Rpc, warn: (text: string) => void) {
  return createAnswerReader(rpc, rpc === "stream" ? streamOutputs : unaryOutputs, warn);
}

const streamOutputs = ["token", "text_output", "text"];
const unaryOutputs = ["text", "text_output", "token"];

function readFacts(response: InferResponse): ModelFacts {
  const name = readTextOutput(response, "model_name");
  const contextTokens = readIntegerOutput(response, "n_ctx");
  return {
    ...(name === undefined ? {} : { name }),
    ...(contextTokens === undefined ? {} : { contextTokens }),
  };
}

function repeatPenalty(request: TextRequest): number | undefined {
  const value = request.extra["repeat_penalty"];
  return typeof value === "number" ? value : undefined;
}

function present(inputs: readonly (InputTensor | undefined)[]): InputTensor[] {
  return inputs.filter((input) => input !== undefined);
}
