/** Request fields that chat and legacy completions share. */
import { type TObject, Type } from "@sinclair/typebox";
import { nullable, nullish, open } from "../../http/schema.ts";

/** More prompts times choices than this in one request are refused. */
export const maxChoices = 128;
/** OpenAI takes 4; editors send more. */
const maxStops = 16;

export const samplingFields = {
  temperature: nullish(
    Type.Number({
      minimum: 0,
      maximum: 2,
      description: "Randomness of the sampling. Not sent on unless given.",
    }),
  ),
  top_p: nullish(
    Type.Number({ minimum: 0, maximum: 1, description: "Nucleus sampling: the mass of tokens considered." }),
  ),
  top_k: nullish(
    Type.Integer({
      minimum: -1,
      maximum: 2_147_483_647,
      description: "Extension: how many of the likeliest tokens are considered.",
    }),
  ),
  seed: nullish(
    Type.Integer({ description: "Asks for the same answer to the same request, as far as the backend can." }),
  ),
  frequency_penalty: nullish(
    Type.Number({ minimum: -2, maximum: 2, description: "Penalty that grows with a token's count." }),
  ),
  presence_penalty: nullish(
    Type.Number({ minimum: -2, maximum: 2, description: "Penalty for tokens that occurred at all." }),
  ),
  logit_bias: nullish(
    Type.Record(Type.String({ pattern: "^[0-9]+$" }), Type.Integer({ minimum: -100, maximum: 100 }), {
      additionalProperties: false,
      maxProperties: 1024,
      description: "Bias by token id.",
    }),
  ),
  stop: nullish(
    Type.Union(
      [
        Type.String({ maxLength: 1024 }),
        Type.Array(Type.String({ maxLength: 1024 }), { maxItems: maxStops }),
      ],
      {
        description: `Up to ${maxStops} texts that end the answer; they are not part of it.`,
      },
    ),
  ),
  n: nullish(Type.Integer({ minimum: 1, maximum: maxChoices, description: "How many answers to give." })),
  stream: nullish(Type.Boolean({ description: "Answer as server-sent events." })),
  stream_options: nullish(
    open(
      {
        include_usage: nullish(
          Type.Boolean({ description: "Send the usage in a last chunk without choices." }),
        ),
        include_obfuscation: nullish(Type.Boolean({ description: "Accepted; no padding is ever sent." })),
      },
      { title: "StreamOptions", description: "Options of a streamed answer; ignored otherwise." },
    ),
  ),
  user: nullish(Type.String({ description: "Accepted and not used." })),
} as const;

export const modelField = nullish(
  Type.String({
    maxLength: 512,
    description: "Model id, as listed by `GET /v1/models`. May be left out when there is a default model.",
  }),
);

/** What a client notes down with something: up to 16 texts of up to 512 characters, by keys of up to 64. */
export function metadataField(description: string) {
  return nullish(metadataEntries(description));
}

function metadataEntries(description: string) {
  return Type.Record(Type.String({ pattern: "^[^]{0,64}$" }), Type.String({ maxLength: 512 }), {
    additionalProperties: false,
    maxProperties: 16,
    description,
  });
}

/** Of a request that changes nothing else. */
export const MetadataUpdate = open(
  { metadata: nullable(metadataEntries("Takes the place of what was noted down; `null` for nothing.")) },
  { examples: [{ metadata: { topic: "demo" } }] },
);

/** One page of a list; `title` is what one of its things is called. */
export function listOf<Schema extends TObject>(schema: Schema, title: string) {
  return Type.Object({
    object: Type.Literal("list"),
    data: Type.Array(Type.Composite([schema], { title })),
    first_id: nullable(Type.String({ description: "`null` in an empty list, as `last_id`." })),
    last_id: nullable(Type.String({ description: "For `after`, to get the next page." })),
    has_more: Type.Boolean(),
  });
}

export const UsageSchema = Type.Object(
  {
    prompt_tokens: Type.Integer(),
    completion_tokens: Type.Integer(),
    total_tokens: Type.Integer(),
    prompt_tokens_details: Type.Object({ cached_tokens: Type.Integer(), audio_tokens: Type.Integer() }),
    completion_tokens_details: Type.Object({
      reasoning_tokens: Type.Integer(),
      audio_tokens: Type.Integer(),
      accepted_prediction_tokens: Type.Integer(),
      rejected_prediction_tokens: Type.Integer(),
    }),
  },
  {
    title: "Usage",
    description: "The backend's own counts where it gives them, else counted by a tokenizer.",
  },
);

export const ErrorSchema = Type.Object(
  {
    error: Type.Object({
      message: Type.String({ description: "What is wrong, in a sentence." }),
      type: Type.String({ description: "The kind of failure, as OpenAI names it." }),
      param: Type.Union([Type.String(), Type.Null()], {
        description: "The field at fault, like `messages[0].role`.",
      }),
      code: Type.Union([Type.String(), Type.Null()], { description: "The reason, for programs." }),
    }),
  },
  { description: "Every answer that is not a success has this form." },
);
