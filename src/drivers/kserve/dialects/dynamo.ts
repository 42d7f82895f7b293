import { type AnswerDescription, createAnswerReader } from "./answer-reader.ts";
import type { CreateDialect } from "./dialect.ts";
import { createInputs, type InputDefaults, present } from "./inputs.ts";

/**
 * NVIDIA Dynamo's KServe interface: the prompt and whether to stream, and an error for any other input, so that sampling
 * is what the server is set to. It always streams, for its answers can then be ended at the edge.
 */
export const createDynamo: CreateDialect = (model) => {
  const inputs = createInputs(model, defaults);
  return {
    name: "dynamo",
    ownedBy: "dynamo",
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
    call: (request, rpc) => ({
      modelName: request.model,
      modelVersion: "",
      id: request.requestId,
      inputs: present([
        inputs.one("text_input", request.prompt),
        inputs.one(
          ["stream", "streaming"].find((name) => inputs.takes(name, "flag")) ?? "stream",
          rpc === "stream",
        ),
      ]),
    }),
    reader: (request, rpc, warn) =>
      createAnswerReader(description, { request, isStreamed: rpc === "stream", warn }),
  };
};

const defaults: InputDefaults = { text_input: "BYTES", stream: "BOOL" };

const description: AnswerDescription = {
  text: ["text_output"],
  finish: "finish_reason",
  cumulative: false,
  echo: "never",
  alwaysText: true,
  namesFinish: true,
};
