import { type AnswerDescription, createAnswerReader } from "./answer-reader.ts";
import type { Cumulative } from "./cumulative.ts";
import type { Dialect, DialectName, DialectOptions, ModelProfile, Rpc } from "./dialect.ts";
import type { Echo } from "./echo.ts";
import { guessTensors, type GuessedTensors } from "./guess.ts";
import { readPipelineText } from "./hugging-face.ts";
import { createInputs, type InputDefaults, present } from "./inputs.ts";
import { createParameters, type ParameterNames } from "./parameters.ts";
import { finalResponseWanted } from "./triton.ts";
import { createVectorModel } from "./vector-model.ts";

export interface TextModelKind {
  name: DialectName;
  ownedBy: string;
  cumulative: Cumulative;
  echo: Echo;
  rpcs: readonly Rpc[];
}

/**
 * A model of nobody's layout: text in, text or a vector out, found by the names and datatypes of its tensors. It
 * always streams where it can, for its answers can then be ended at the edge.
 */
export function createTextModel(
  model: ModelProfile,
  { tensors = {} }: DialectOptions,
  kind: TextModelKind,
): Dialect {
  const guessed = guessTensors(model, tensors);
  const inputs = createInputs(model, defaultsOf(guessed, tensors.parameters));
  const parameters = createParameters(inputs, spelled(parameterNames, guessed), tensors.parameters);
  const { prompt = "", stream = "", promptTokens, completionTokens, embedding } = guessed;
  const streams = model.config?.decoupled ?? true;
  const isRequired = (name: string) => inputs.isRequired(guessed.input(name) ?? "");
  const description: AnswerDescription = {
    text: guessed.text,
    readText: readPipelineText,
    finish: guessed.finish,
    ...(promptTokens === undefined || completionTokens === undefined
      ? {}
      : { counts: { prompt: promptTokens, completion: completionTokens, are: "unknown" } }),
    cumulative: tensors.cumulative ?? kind.cumulative,
    echo: tensors.echo === undefined ? kind.echo : tensors.echo ? "always" : "never",
  };
  const rpcs = guessed.prompt === undefined || guessed.text.length === 0 ? [] : kind.rpcs;
  return {
    name: kind.name,
    ownedBy: kind.ownedBy,
    abilities: {
      choices: 1,
      sampling: parameters.sampling,
      extra: parameters.extra,
      logprobs: false,
      bestOf: false,
      reportsLength:
        parameters.sampling.has("maxTokens") &&
        (tensors.finish_reason !== undefined || guessed.hasOutput("finish_reason")),
      constraints: new Set(),
      images: "none",
      lora: false,
      needsMaxTokens: maxTokensNames.some(isRequired),
      rpcs,
    },
    call: (request, rpc) => ({
      modelName: request.model,
      modelVersion: "",
      id: request.requestId,
      ...(model.config === undefined ? {} : { parameters: finalResponseWanted }),
      inputs: present([
        inputs.one(prompt, request.prompt),
        inputs.takes(stream, "flag") ? inputs.one(stream, rpc === "stream" && streams) : undefined,
        ...switches
          .map((name) => guessed.input(name) ?? "")
          .map((name) => (inputs.takes(name, "flag") ? inputs.one(name, true) : undefined)),
        ...parameters.tensors(request),
      ]),
    }),
    reader: (request, rpc, warn) =>
      createAnswerReader(description, { request, isStreamed: rpc === "stream" && streams, warn }),
    ...(guessed.prompt === undefined || embedding === undefined
      ? {}
      : {
          embeddings: createVectorModel({
            inputs,
            prompt,
            embedding,
            rpc: model.config?.decoupled === true ? "stream" : "infer",
          }),
        }),
  };
}

/** Inputs that make an answer be only the answer, and tell of it. */
const switches = [
  "exclude_input_in_output",
  "return_finish_reason",
  "return_num_input_tokens",
  "return_num_output_tokens",
];

const maxTokensNames = [
  "max_tokens",
  "max_new_tokens",
  "max_output_tokens",
  "request_output_len",
  "n_predict",
];

/** Names as models have been seen to use them, in lower case. */
const parameterNames: ParameterNames = {
  max_tokens: maxTokensNames,
  temperature: ["temperature"],
  top_p: ["top_p", "runtime_top_p"],
  top_k: ["top_k", "runtime_top_k"],
  seed: ["seed", "random_seed"],
  frequency_penalty: ["frequency_penalty"],
  presence_penalty: ["presence_penalty"],
  stop: ["stop", "stop_words", "stop_sequences"],
  min_p: ["min_p"],
  repetition_penalty: ["repetition_penalty"],
  repeat_penalty: ["repeat_penalty"],
  length_penalty: ["length_penalty", "len_penalty"],
  min_tokens: ["min_tokens", "min_new_tokens", "min_length"],
  ignore_eos: ["ignore_eos"],
  skip_special_tokens: ["skip_special_tokens"],
  bad_words: ["bad_words"],
};

/** The names as the model spells them. */
function spelled(names: ParameterNames, guessed: GuessedTensors): ParameterNames {
  return Object.fromEntries(
    Object.entries(names).map(([parameter, candidates]) => [
      parameter,
      candidates.flatMap((name) => guessed.input(name) ?? []),
    ]),
  );
}

/** Of a model that says nothing of its tensors only what the operator mapped is known, and the prompt. */
function defaultsOf(
  { prompt, stream }: GuessedTensors,
  mapped: Readonly<Record<string, string>> = {},
): InputDefaults {
  const parameters = Object.entries(mapped).map(([parameter, tensor]) => [tensor, datatypeOf(parameter)]);
  return {
    ...Object.fromEntries(parameters),
    ...(prompt === undefined ? {} : { [prompt]: "BYTES" }),
    ...(stream === undefined ? {} : { [stream]: "BOOL" }),
  };
}

const datatypes: Readonly<Record<string, string>> = {
  max_tokens: "INT32",
  top_k: "INT32",
  seed: "INT64",
  min_tokens: "INT32",
  stop: "BYTES",
  bad_words: "BYTES",
  ignore_eos: "BOOL",
  skip_special_tokens: "BOOL",
};

function datatypeOf(parameter: string): string {
  return datatypes[parameter] ?? "FP32";
}
