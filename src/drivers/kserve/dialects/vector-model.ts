import { ServeError } from "../../../core/error.ts";
import type { InferResponse } from "../codec/messages.ts";
import { MalformedTensor, readFloatOutput } from "../codec/tensor.ts";
import type { EmbeddingCall, EmbeddingDialect, Rpc } from "./dialect.ts";
import { type Inputs, present } from "./inputs.ts";

export interface VectorTensors {
  inputs: Inputs;
  prompt: string;
  embedding: string;
  rpc: Rpc;
}

/** A model that takes a text and gives its vector as a tensor of numbers. */
export function createVectorModel({ inputs, prompt, embedding, rpc }: VectorTensors): EmbeddingDialect {
  return {
    dimensions: false,
    rpc,
    call: (request) => ({
      modelName: request.model,
      modelVersion: "",
      id: request.requestId,
      inputs: present([inputs.one(prompt, textOf(request))]),
    }),
    read: (response) => readVector(response, embedding),
  };
}

function textOf({ input }: EmbeddingCall): string {
  if (typeof input === "string") return input;
  throw new ServeError("invalid_request", "This model does not take token ids.", {
    code: "unsupported_value",
    param: "input",
  });
}

function readVector(response: InferResponse, name: string): Float32Array {
  const vector = readFloatOutput(response, name);
  if (vector === undefined) throw new MalformedTensor(name, "is missing");
  const shape = response.outputs.find((output) => output.name === name)?.shape ?? [];
  if (vector.length === 0 || shape.filter((size) => size > 1).length > 1) {
    throw new MalformedTensor(name, "is not one vector");
  }
  return vector;
}
