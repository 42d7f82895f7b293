import { type Static, Type } from "@sinclair/typebox";
import { nullable, nullish, open, words } from "../../http/schema.ts";
import { modelField, samplingFields, UsageSchema } from "../common/fields.ts";

/** The four forms of a prompt. Told apart by `decode`, which can name the item at fault better than a union. */
const Prompt = Type.Unknown({
  anyOf: [
    { type: "string" },
    { type: "array", items: { type: "string" }, minItems: 1 },
    { type: "array", items: { type: "integer", minimum: 0 }, minItems: 1 },
    {
      type: "array",
      items: { type: "array", items: { type: "integer", minimum: 0 }, minItems: 1 },
      minItems: 1,
    },
    { type: "null" },
  ],
  description: "A text, several texts, or token ids of one or several prompts.",
});

export const CompletionRequest = open(
  {
    model: modelField,
    prompt: Type.Optional(Prompt),
    max_tokens: nullish(
      Type.Integer({
        minimum: 0,
        maximum: 2_147_483_647,
        description: "Most tokens to generate; 16 when not given.",
      }),
    ),
    ...samplingFields,
    best_of: nullish(
      Type.Integer({
        minimum: 1,
        maximum: 20,
        description: "Of so many candidates the likeliest `n` are given, where the backend can.",
      }),
    ),
    echo: nullish(Type.Boolean({ description: "Put the prompt in front of the answer." })),
    suffix: nullish(Type.String({ description: "Text that follows the gap to fill." })),
    logprobs: nullish(
      Type.Integer({
        minimum: 0,
        maximum: 5,
        description: "How many alternatives to report for each token.",
      }),
    ),
  },
  { examples: [{ prompt: "Once upon a time", max_tokens: 100, temperature: 0.7 }] },
);
export type CompletionRequest = Static<typeof CompletionRequest>;

const CompletionChoice = (finished: boolean) =>
  Type.Object(
    {
      text: Type.String(),
      index: Type.Integer({ description: "Number of the prompt times `n`, plus the number of the answer." }),
      logprobs: nullable(
        Type.Object(
          {
            tokens: Type.Array(Type.String()),
            token_logprobs: Type.Array(nullable(Type.Number())),
            top_logprobs: Type.Array(nullable(Type.Record(Type.String(), Type.Number()))),
            text_offset: Type.Array(Type.Integer({ description: "Where the token begins, in characters." })),
          },
          { title: "CompletionLogprobs" },
        ),
      ),
      finish_reason: finished
        ? words("stop", "length", "content_filter")
        : nullable(words("stop", "length", "content_filter")),
    },
    { title: finished ? "CompletionChoice" : "CompletionChunkChoice" },
  );

export const Completion = Type.Object({
  id: Type.String(),
  object: Type.Literal("text_completion"),
  created: Type.Integer({ description: "Unix seconds." }),
  model: Type.String(),
  choices: Type.Array(CompletionChoice(true)),
  usage: UsageSchema,
  system_fingerprint: nullable(Type.String()),
});

export const CompletionChunk = Type.Object(
  {
    id: Type.String(),
    object: Type.Literal("text_completion"),
    created: Type.Integer(),
    model: Type.String(),
    choices: Type.Array(CompletionChoice(false)),
    usage: Type.Optional(nullable(UsageSchema)),
    system_fingerprint: nullable(Type.String()),
  },
  { description: "One `data:` line of a streamed answer; the last line is `data: [DONE]`." },
);
