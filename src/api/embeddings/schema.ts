import { type Static, Type } from "@sinclair/typebox";
import { nullish, open, words } from "../../http/schema.ts";
import { modelField } from "../common/fields.ts";

/** The four forms of an input. Told apart by `decode`, which can name the item at fault better than a union. */
const Input = Type.Unknown({
  anyOf: [
    { type: "string", minLength: 1 },
    { type: "array", items: { type: "string", minLength: 1 }, minItems: 1, maxItems: 2_048 },
    { type: "array", items: { type: "integer", minimum: 0 }, minItems: 1, maxItems: 2_048 },
    {
      type: "array",
      items: { type: "array", items: { type: "integer", minimum: 0 }, minItems: 1 },
      minItems: 1,
      maxItems: 2_048,
    },
  ],
  description: "A text, up to 2,048 texts, or token ids of one or several texts.",
});

export const CreateEmbeddingRequest = open(
  {
    model: modelField,
    input: Input,
    encoding_format: nullish({
      ...words("float", "base64"),
      description: "Numbers, or little-endian 32-bit floats in base64, which the official clients ask for.",
    }),
    dimensions: nullish(
      Type.Integer({
        minimum: 1,
        maximum: 1_000_000,
        description: "Length of the vectors, for a model that can choose it.",
      }),
    ),
    user: nullish(Type.String({ description: "Accepted and not used." })),
  },
  { examples: [{ model: "embedder", input: "The food was delicious." }] },
);
export type CreateEmbeddingRequest = Static<typeof CreateEmbeddingRequest>;

export const CreateEmbeddingResponse = Type.Object({
  object: Type.Literal("list"),
  data: Type.Array(
    Type.Object(
      {
        object: Type.Literal("embedding"),
        index: Type.Integer(),
        embedding: Type.Union([Type.Array(Type.Number()), Type.String()]),
      },
      { title: "Embedding" },
    ),
  ),
  model: Type.String(),
  usage: Type.Object({ prompt_tokens: Type.Integer(), total_tokens: Type.Integer() }),
});
