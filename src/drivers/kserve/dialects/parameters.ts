import { ServeError } from "../../../core/error.ts";
import type { Sampling } from "../../../core/generation.ts";
import type { InputTensor } from "../codec/messages.ts";
import type { TensorMap, TextRequest } from "./dialect.ts";
import { leastTopP, samplingParameters } from "./dialect.ts";
import type { InputKind, InputValue, Inputs } from "./inputs.ts";
import { assertInRange } from "./ranges.ts";

/** The parameters of a request that a model has tensors for. */
export interface Parameters {
  readonly sampling: ReadonlySet<keyof Sampling>;
  readonly extra: ReadonlySet<string>;
  /** A tensor for each parameter that was given. Throws `ServeError` for a value of the wrong type. */
  tensors(request: TextRequest): InputTensor[];
}

/** Names that the tensor of a parameter can have, by the parameter's wire name; the first that the model has is it. */
export type ParameterNames = Readonly<Record<string, readonly string[]>>;

/** Finds the tensors of parameters. What the operator mapped wins; a name there may be one that is not known here. */
export function createParameters(
  inputs: Inputs,
  names: ParameterNames,
  mapped: TensorMap["parameters"] = {},
): Parameters {
  const found: FoundParameter[] = [];
  for (const [parameter, candidates] of Object.entries({ ...names, ...toCandidates(mapped) })) {
    // A map from token to bias fits no tensor.
    if (parameter === "logit_bias") continue;
    const form = formOf(parameter, inputs, candidates);
    const tensor = candidates.find((name) => fits(inputs, name, form));
    if (tensor !== undefined) found.push({ parameter, tensor, form });
  }
  const taken = new Set(found.map(({ parameter }) => parameter));
  return {
    sampling: new Set(samplingEntries.filter(([name]) => taken.has(name)).map(([, field]) => field)),
    extra: new Set([...taken].filter((name) => !samplingNames.has(name))),
    tensors: (request) =>
      found.flatMap((parameter) => {
        const value = valueOf(request, parameter, inputs);
        const tensor = parameter.form.many
          ? inputs.many(parameter.tensor, toList(value))
          : inputs.one(parameter.tensor, toList(value)?.[0]);
        return tensor === undefined ? [] : [tensor];
      }),
  };
}

interface Form {
  kind: InputKind;
  many: boolean;
}

interface FoundParameter {
  parameter: string;
  tensor: string;
  form: Form;
}

const samplingEntries = Object.entries(samplingParameters);
const samplingNames: ReadonlyMap<string, keyof Sampling> = new Map(samplingEntries);

const text: Form = { kind: "text", many: false };
const texts: Form = { kind: "text", many: true };
const flag: Form = { kind: "flag", many: false };
const integer: Form = { kind: "integer", many: false };
const integers: Form = { kind: "integer", many: true };
const number: Form = { kind: "number", many: false };

const forms: Readonly<Record<string, Form>> = {
  max_tokens: integer,
  temperature: number,
  top_p: number,
  top_k: integer,
  seed: integer,
  frequency_penalty: number,
  presence_penalty: number,
  stop: texts,
  min_p: number,
  repetition_penalty: number,
  repeat_penalty: number,
  length_penalty: number,
  min_tokens: integer,
  ignore_eos: flag,
  skip_special_tokens: flag,
  include_stop_str_in_output: flag,
  bad_words: texts,
  stop_token_ids: integers,
};

/** A parameter that is not known has the form of its tensor. */
function formOf(parameter: string, inputs: Inputs, candidates: readonly string[]): Form {
  const known = forms[parameter];
  if (known !== undefined) return known;
  const tensor = candidates[0] ?? "";
  return [flag, number, integer, text].find((form) => inputs.takes(tensor, form.kind)) ?? text;
}

function fits(inputs: Inputs, name: string, { kind, many }: Form): boolean {
  return many ? inputs.takesMany(name, kind) : inputs.takes(name, kind);
}

/** What a required tensor says when the client says nothing: what changes nothing. */
const neutral: Readonly<Record<string, number>> = {
  temperature: 1,
  top_p: 1,
  seed: 0,
  frequency_penalty: 0,
  presence_penalty: 0,
  min_p: 0,
  repetition_penalty: 1,
  repeat_penalty: 1,
  length_penalty: 1,
  min_tokens: 0,
};

function valueOf(
  { sampling, extra }: TextRequest,
  { parameter, tensor, form }: FoundParameter,
  inputs: Inputs,
): unknown {
  const field = samplingNames.get(parameter);
  const value = field === undefined ? (extra[parameter] ?? undefined) : sampling[field];
  if (value === undefined) return inputs.isRequired(tensor) ? neutral[parameter] : undefined;
  if (field === undefined && !isOfForm(value, form)) throw wrongType(parameter, form);
  assertInRange(parameter, value);
  return typeof value === "number" ? toTaken(parameter, value, inputs.datatype(tensor)) : value;
}

/** The number that means the same and that more servers take. */
function toTaken(parameter: string, value: number, datatype: string | undefined): number {
  switch (parameter) {
    case "seed":
      // Only that it is the same number each time matters, and half of the seeds are negative.
      return datatype?.startsWith("U") === true ? Math.abs(value) : value;
    case "top_k":
      // All tokens are -1 for vLLM alone.
      return Math.max(value, 0);
    case "top_p":
      return Math.max(value, leastTopP);
    default:
      return value;
  }
}

function isOfForm(value: unknown, { kind, many }: Form): boolean {
  const elements: readonly unknown[] = many && Array.isArray(value) ? value : [value];
  return elements.every((element) => isOfKind[kind](element));
}

const isOfKind: Readonly<Record<InputKind, (value: unknown) => boolean>> = {
  text: (value) => typeof value === "string",
  flag: (value) => typeof value === "boolean",
  integer: Number.isSafeInteger,
  number: Number.isFinite,
};

const nouns: Readonly<Record<InputKind, readonly [string, string]>> = {
  text: ["a string", "strings"],
  flag: ["a boolean", "booleans"],
  integer: ["an integer", "integers"],
  number: ["a number", "numbers"],
};

function wrongType(parameter: string, { kind, many }: Form): ServeError {
  const [singular, plural] = nouns[kind];
  return new ServeError(
    "invalid_request",
    `'${parameter}' must be ${many ? `an array of ${plural}` : singular}.`,
    {
      code: "invalid_type",
      param: parameter,
    },
  );
}

function toList(value: unknown): InputValue[] | undefined {
  if (value === undefined) return undefined;
  const elements: readonly unknown[] = Array.isArray(value) ? value : [value];
  return elements.filter((element) => isInputValue(element));
}

function isInputValue(value: unknown): value is InputValue {
  return typeof value === "string" || typeof value === "number" || typeof value === "boolean";
}

function toCandidates(mapped: Readonly<Record<string, string>>): ParameterNames {
  return Object.fromEntries(Object.entries(mapped).map(([parameter, tensor]) => [parameter, [tensor]]));
}
