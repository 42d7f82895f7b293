import { ServeError } from "../../../core/error.ts";
import type { Sampling } from "../../../core/generation.ts";
import type { Constraint, TextRequest } from "./dialect.ts";
import { leastTopP, samplingParameters } from "./dialect.ts";
import { assertInRange } from "./ranges.ts";

/**
 * All but `logitBias`: the backend hands the JSON's keys on as they are, texts, and vLLM compares them with numbers.
 */
export const vllmSampling: ReadonlySet<keyof Sampling> = new Set(
  Object.values(samplingParameters).filter((field) => field !== "logitBias"),
);

type Check = (value: unknown) => boolean;

const isBoolean: Check = (value) => typeof value === "boolean";
const isList =
  (isElement: Check): Check =>
  (value) =>
    Array.isArray(value) && value.every(isElement);

/** Fields of vLLM's `SamplingParams` that change nothing but the sampling, with what each must be. */
const extraFields: Readonly<Record<string, readonly [Check, string]>> = {
  min_p: [Number.isFinite, "a number"],
  repetition_penalty: [Number.isFinite, "a number"],
  min_tokens: [Number.isSafeInteger, "an integer"],
  ignore_eos: [isBoolean, "a boolean"],
  stop_token_ids: [isList(Number.isSafeInteger), "an array of integers"],
  allowed_token_ids: [isList(Number.isSafeInteger), "an array of integers"],
  bad_words: [isList((value) => typeof value === "string"), "an array of strings"],
  include_stop_str_in_output: [isBoolean, "a boolean"],
  skip_special_tokens: [isBoolean, "a boolean"],
  spaces_between_special_tokens: [isBoolean, "a boolean"],
};

export const vllmExtra: ReadonlySet<string> = new Set(Object.keys(extraFields));

export type StructuredOutputsKey = "structured_outputs" | "guided_decoding" | "none";

/**
 * The `sampling_parameters` of a request: JSON text in the names of vLLM's `SamplingParams`, and `lora_name`. Throws
 * `ServeError` for an extra field of the wrong type.
 */
export function toSamplingParameters(request: TextRequest, key: StructuredOutputsKey): string {
  const { sampling, choices, logprobs, lora, constraint } = request;
  const parameters: Record<string, unknown> = {};
  for (const [name, field] of Object.entries(samplingParameters)) {
    if (vllmSampling.has(field) && sampling[field] !== undefined) parameters[name] = sampling[field];
  }
  if (sampling.topP !== undefined) parameters["top_p"] = Math.max(sampling.topP, leastTopP);
  for (const [name, [isValid, noun]] of Object.entries(extraFields)) {
    const value = request.extra[name] ?? undefined;
    if (value === undefined) continue;
    if (!isValid(value)) throw wrongType(name, noun);
    assertInRange(name, value);
    parameters[name] = value;
  }
  if (choices > 1) parameters["n"] = choices;
  if (logprobs !== undefined) parameters["logprobs"] = logprobs.top;
  if (lora !== undefined) parameters["lora_name"] = lora;
  if (constraint !== undefined && key !== "none") parameters[key] = JSON.stringify(toStructured(constraint));
  return JSON.stringify(parameters);
}

function toStructured(constraint: Constraint): Readonly<Record<string, unknown>> {
  switch (constraint.kind) {
    case "json":
      return { json_object: true };
    case "schema":
      return { json: constraint.schema };
    case "choice":
      return { choice: constraint.words };
  }
}

function wrongType(param: string, noun: string): ServeError {
  return new ServeError("invalid_request", `'${param}' must be ${noun}.`, { code: "invalid_type", param });
}
