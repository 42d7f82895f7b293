import { readLooseBytesOutput } from "../codec/tensor.ts";
import { type AnswerDescription, createAnswerReader } from "./answer-reader.ts";
import type { CreateDialect } from "./dialect.ts";
import { createInputs, present } from "./inputs.ts";

/**
 * The text generation example of OpenVINO Model Server's Python nodes: a prompt, then texts without their lengths, a
 * message with `token_count` (of prompt and answer together, so of no use) and one with `end_signal`.
 */
export const createOvms: CreateDialect = ({ name }, { tensors = {} }) => {
  const prompt = tensors.prompt ?? "pre_prompt";
  // The metadata of a graph has names and neither datatypes nor shapes.
  const inputs = createInputs({ name }, { [prompt]: "BYTES" });
  const description: AnswerDescription = {
    text: [tensors.text ?? "completion"],
    readText: readLooseBytesOutput,
    finish: tensors.finish_reason ?? "finish_reason",
    cumulative: tensors.cumulative ?? false,
    echo: tensors.echo === true ? "always" : "never",
    ending: "end_signal",
    aside: ["token_count"],
  };
  return {
    name: "ovms",
    ownedBy: "openvino",
    abilities: {
      choices: 1,
      sampling: new Set(),
      extra: new Set(),
      logprobs: false,
      bestOf: false,
      reportsLength: false,
      constraints: new Set(),
      images: "none",
      lora: false,
      needsMaxTokens: false,
      rpcs: ["stream", "infer"],
    },
    call: (request) => ({
      modelName: request.model,
      modelVersion: "",
      id: request.requestId,
      inputs: present([inputs.one(prompt, request.prompt)]),
    }),
    reader: (request, rpc, warn) =>
      createAnswerReader(description, { request, isStreamed: rpc === "stream", warn }),
  };
};
