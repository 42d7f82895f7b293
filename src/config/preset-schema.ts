import { Type, type Static, type TSchema } from "@sinclair/typebox";

const closed = { additionalProperties: false };
const largest = 2_147_483_647;
const text = Type.String({ minLength: 1, maxLength: 1_024 });

/** Fields of a request that an operator may give, under their wire names and with the bounds of the API. */
const fields = {
  temperature: number(0, 2, "Randomness of the sampling."),
  max_tokens: integer(1, largest, "Most tokens to generate."),
  top_p: number(0, 1, "Nucleus sampling: the mass of tokens considered."),
  top_k: integer(-1, largest, "How many of the likeliest tokens are considered; -1 for all."),
  min_p: number(0, 1, "Least likelihood of a token, relative to the likeliest."),
  seed: integer(
    Number.MIN_SAFE_INTEGER,
    Number.MAX_SAFE_INTEGER,
    "Asks for the same answer to the same request.",
  ),
  frequency_penalty: number(-2, 2, "Penalty that grows with a token's count."),
  presence_penalty: number(-2, 2, "Penalty for tokens that occurred at all."),
  repetition_penalty: number(0, 10, "Factor against tokens of the prompt and the answer; 1 for none."),
  length_penalty: number(-10, 10, "Exponent of the length in a beam search."),
  logit_bias: Type.Record(
    Type.String({ pattern: "^[0-9]{1,10}$" }),
    Type.Integer({ minimum: -100, maximum: 100 }),
    { ...closed, maxProperties: 1_024, expectedKey: "a token id", description: "Bias by token id." },
  ),
  stop: Type.Union([text, Type.Array(text, { maxItems: 16 })], {
    description: "One text or up to 16 that end the answer.",
  }),
  stop_token_ids: Type.Array(Type.Integer({ minimum: 0, maximum: largest }), {
    maxItems: 1_024,
    description: "Tokens that end the answer.",
  }),
  bad_words: Type.Array(text, {
    maxItems: 1_024,
    description: "Texts that the model must not write.",
  }),
  min_tokens: integer(0, largest, "Least tokens before the answer may end."),
  ignore_eos: boolean("Goes on past the model's end of text."),
  skip_special_tokens: boolean("Leaves special tokens out of the text."),
  include_stop_str_in_output: boolean("Leaves the text that ended the answer in it."),
  reasoning_effort: Type.Union(
    (["none", "minimal", "low", "medium", "high", "xhigh", "max"] as const).map((word) => Type.Literal(word)),
    { description: "How much a reasoning model thinks." },
  ),
};

/** Fields of a request that the operator decides, all optional. */
export const PresetFile = Type.Partial(Type.Object(fields), closed);
export type PresetFile = Static<typeof PresetFile>;

/** Keys of a model, and of a backend for all of its models, whatever its kind. */
export const presetKeys = {
  defaults: Type.Optional(
    described(PresetFile, "Fields of a request for what a client leaves out, such as `temperature: 0.7`."),
  ),
  overrides: Type.Optional(described(PresetFile, "Fields of a request that hold whatever a client gives.")),
};

function described<Schema extends TSchema>(schema: Schema, description: string): Schema {
  return { ...schema, description };
}

function number(minimum: number, maximum: number, description: string) {
  return Type.Number({ minimum, maximum, description });
}

function integer(minimum: number, maximum: number, description: string) {
  return Type.Integer({ minimum, maximum, description });
}

function boolean(description: string) {
  return Type.Boolean({ description });
}
