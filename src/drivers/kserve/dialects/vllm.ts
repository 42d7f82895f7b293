import type { InferResponse } from "../codec/messages.ts";
import { MalformedTensor, readTextOutput } from "../codec/tensor.ts";
import { type AnswerDescription, createAnswerReader } from "./answer-reader.ts";
import type { CreateDialect, EmbeddingCall, EmbeddingDialect, TextRequest } from "./dialect.ts";
import { createInputs, type InputDefaults, type Inputs, present } from "./inputs.ts";
import { finalResponseWanted } from "./triton.ts";
import { readVllmLogprobs } from "./vllm-logprobs.ts";
import { toSamplingParameters, vllmExtra, vllmSampling } from "./vllm-sampling.ts";

/** Triton's vLLM backend, always decoupled: sampling is one JSON text, and what is to be told is asked for. */
export const createVllm: CreateDialect = (model, { structuredOutputs, tensors = {} }) => {
  const inputs = createInputs(model, defaults);
  const isSteerable = inputs.takes("sampling_parameters", "text");
  const tellsFinish = inputs.takes("return_finish_reason", "flag");
  const takesEmbedding = inputs.takes("embedding_request", "text");
  // The backend's newer releases, which embed, know the newer key.
  const key = structuredOutputs ?? (takesEmbedding ? "structured_outputs" : "guided_decoding");
  const description: AnswerDescription = {
    text: ["text_output"],
    finish: "finish_reason",
    ...(inputs.takes("return_num_output_tokens", "flag") ? { counts } : {}),
    cumulative: tensors.cumulative ?? false,
    echo: inputs.takes("exclude_input_in_output", "flag") ? "never" : "unknown",
    readLogprobs: readVllmLogprobs,
    alwaysText: true,
    namesFinish: tellsFinish,
  };
  // Candidates of one request are mixed up while they are streamed.
  const isStreamed = (request: TextRequest) =>
    (request.stream || !tellsFinish) && request.choices === 1 && inputs.takes("stream", "flag");
  return {
    name: "vllm",
    ownedBy: "vllm",
    abilities: {
      choices: givesSeveral(inputs) ? mostChoices : 1,
      sampling: isSteerable ? vllmSampling : new Set(),
      extra: isSteerable ? vllmExtra : new Set(),
      logprobs: isSteerable && inputs.takes("return_logprobs", "flag"),
      bestOf: false,
      reportsLength: tellsFinish,
      cutsStop: true,
      constraints: new Set(isSteerable && key !== "none" ? ["json", "schema", "choice"] : []),
      images: inputs.takesMany("image", "text") ? "bytes" : "none",
      lora: isSteerable,
      // Left out, vLLM stops after 16.
      needsMaxTokens: isSteerable,
      rpcs: ["stream"],
    },
    call: (request) => ({
      modelName: request.model,
      modelVersion: "",
      id: request.requestId,
      parameters: finalResponseWanted,
      inputs: present([
        inputs.one("text_input", request.prompt),
        inputs.many("image", imagesOf(request)),
        inputs.one("stream", isStreamed(request)),
        inputs.one("sampling_parameters", toSamplingParameters(request, key)),
        inputs.one("exclude_input_in_output", true),
        ...toldAlways.map((name) => inputs.one(name, true)),
        inputs.one("return_logprobs", request.logprobs === undefined ? undefined : true),
      ]),
    }),
    reader: (request, _, warn) =>
      createAnswerReader(description, { request, isStreamed: isStreamed(request), warn }),
    ...(takesEmbedding ? { embeddings: createEmbeddings(inputs) } : {}),
  };
};

const defaults: InputDefaults = {
  text_input: "BYTES",
  image: "BYTES",
  stream: "BOOL",
  sampling_parameters: "BYTES",
  exclude_input_in_output: "BOOL",
  return_finish_reason: "BOOL",
  return_logprobs: "BOOL",
  return_num_input_tokens: "BOOL",
  return_num_output_tokens: "BOOL",
  embedding_request: "BYTES",
};
const toldAlways = ["return_finish_reason", "return_num_input_tokens", "return_num_output_tokens"] as const;
const counts = { prompt: "num_input_tokens", completion: "num_output_tokens", are: "increments" } as const;
const mostChoices = 128;

/**
 * vLLM's engine since its version 1 gives each candidate by itself, without its number, and the backend puts them
 * together as they come. A backend too old to count tokens is too old for that engine.
 */
function givesSeveral(inputs: Inputs): boolean {
  return inputs.takes("sampling_parameters", "text") && !inputs.takes("return_num_output_tokens", "flag");
}

function imagesOf({ images }: TextRequest): readonly string[] {
  return images.flatMap(({ base64 }) => (base64 === undefined ? [] : [base64]));
}

function createEmbeddings(inputs: Inputs): EmbeddingDialect {
  return {
    dimensions: true,
    rpc: "stream",
    call: (request) => ({
      modelName: request.model,
      modelVersion: "",
      id: request.requestId,
      parameters: finalResponseWanted,
      inputs: present([
        // Not read, and required.
        inputs.one("text_input", ""),
        inputs.one("embedding_request", toEmbeddingRequest(request)),
      ]),
    }),
    read: readEmbedding,
  };
}

function toEmbeddingRequest({ input, dimensions }: EmbeddingCall): string {
  return JSON.stringify({
    input,
    ...(dimensions === undefined ? {} : { pooling_params: { dimensions: [dimensions] } }),
  });
}

/** The vector is JSON text in the place of the answer's. */
function readEmbedding(response: InferResponse): Float32Array {
  const json = readTextOutput(response, "text_output");
  if (json === undefined) throw new MalformedTensor("text_output", "is missing");
  const values = parse(json);
  if (!Array.isArray(values) || !values.every((value) => typeof value === "number")) throw notVector();
  return Float32Array.from(values);
}

function parse(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch (error) {
    throw notVector(error);
  }
}

function notVector(cause?: unknown): MalformedTensor {
  return new MalformedTensor("text_output", "is not a list of numbers", { cause });
}
