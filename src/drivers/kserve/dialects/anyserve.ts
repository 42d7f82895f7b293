import type { InferResponse } from "../codec/messages.ts";
import { readIntegerOutput, readTextOutput } from "../codec/tensor.ts";
import { type AnswerDescription, createAnswerReader } from "./answer-reader.ts";
import type { CreateDialect, Dialect, ModelFacts, Rpc } from "./dialect.ts";
import { createInputs, type InputDefaults, present } from "./inputs.ts";
import { createParameters } from "./parameters.ts";

/**
 * AnyServe's llama.cpp worker, which describes no tensors; each has shape [1] and typed contents. In the layout
 * `capability` the model name says what is wanted (`generate`, `generate_stream`, `model_info`) and the version who
 * does it. In the layout `model` the model has its own name, whole numbers are INT64, and stop texts and a repeat
 * penalty are taken.
 */
export const createAnyserve: CreateDialect = ({ name }, { layout = "capability" }) => {
  const isNamed = layout === "model";
  const inputs = createInputs({ name }, isNamed ? modelInputs : capabilityInputs);
  const parameters = createParameters(inputs, parameterNames);
  return {
    name: "anyserve",
    ownedBy: "anyserve",
    abilities: {
      choices: 1,
      sampling: parameters.sampling,
      extra: parameters.extra,
      logprobs: false,
      bestOf: false,
      reportsLength: false,
      constraints: new Set(),
      images: "none",
      lora: false,
      needsMaxTokens: false,
      rpcs: ["stream", "infer"],
    },
    call: (request, rpc) => ({
      modelName: isNamed ? request.model : capabilities[rpc],
      modelVersion: isNamed ? "" : workerVersion,
      id: request.requestId,
      inputs: [...present([inputs.one("prompt", request.prompt)]), ...parameters.tensors(request)],
    }),
    reader: (request, rpc, warn) =>
      createAnswerReader(descriptions[rpc], { request, isStreamed: rpc === "stream", warn }),
    facts,
  };
};

const workerVersion = "llamacpp";
const capabilities: Readonly<Record<Rpc, string>> = { infer: "generate", stream: "generate_stream" };

const capabilityInputs: InputDefaults = {
  prompt: "BYTES",
  max_tokens: "INT32",
  temperature: "FP32",
  top_p: "FP32",
  top_k: "INT32",
};
const modelInputs: InputDefaults = {
  ...capabilityInputs,
  max_tokens: "INT64",
  top_k: "INT64",
  repeat_penalty: "FP32",
  stop: "BYTES",
};
const parameterNames = {
  max_tokens: ["max_tokens"],
  temperature: ["temperature"],
  top_p: ["top_p"],
  top_k: ["top_k"],
  repeat_penalty: ["repeat_penalty"],
  stop: ["stop"],
};

const common = { finish: "finish_reason", cumulative: false, echo: "never" } as const;
const descriptions: Readonly<Record<Rpc, AnswerDescription>> = {
  stream: { ...common, text: ["token", "text_output", "text"] },
  infer: { ...common, text: ["text", "text_output", "token"] },
};

const facts: NonNullable<Dialect["facts"]> = {
  call: { modelName: "model_info", modelVersion: workerVersion, inputs: [] },
  read: readFacts,
};

function readFacts(response: InferResponse): ModelFacts {
  const name = readTextOutput(response, "model_name");
  const contextTokens = readIntegerOutput(response, "n_ctx");
  return {
    ...(name === undefined ? {} : { name }),
    ...(contextTokens === undefined ? {} : { contextTokens }),
  };
}
