import { type Static, Type } from "@sinclair/typebox";
import { nullable, nullish, open } from "../../http/schema.ts";
import { modelField } from "../common/fields.ts";

/** vLLM's request: a text, or a conversation. */
export const TokenizeRequest = open(
  {
    model: modelField,
    prompt: nullish(Type.String({ description: "The text." })),
    messages: nullish(
      Type.Array(
        open({
          role: Type.String(),
          content: nullish(
            Type.Union([
              Type.String(),
              Type.Array(open({ type: Type.String(), text: nullish(Type.String()) })),
            ]),
          ),
        }),
        {
          minItems: 1,
          maxItems: 16_384,
          description:
            "Instead of `prompt`: the texts of a conversation, one a line, without a chat template.",
        },
      ),
    ),
    add_special_tokens: nullish(
      Type.Boolean({ description: "Accepted and not used: no special token is put in front." }),
    ),
    return_token_strs: nullish(Type.Boolean({ description: "Also give each token's text." })),
  },
  { examples: [{ model: "demo", prompt: "Hello, world" }] },
);
export type TokenizeRequest = Static<typeof TokenizeRequest>;

export const TokenizeResponse = Type.Object({
  count: Type.Integer(),
  max_model_len: nullable(
    Type.Integer({ description: "Tokens of prompt and answer together, where known." }),
  ),
  tokens: Type.Array(Type.Integer()),
  token_strs: nullable(Type.Array(Type.String())),
});

export const DetokenizeRequest = open(
  {
    model: modelField,
    tokens: Type.Array(Type.Integer({ minimum: 0, maximum: 4_294_967_295 }), { maxItems: 262_144 }),
  },
  { examples: [{ model: "demo", tokens: [9906, 11, 1917] }] },
);
export type DetokenizeRequest = Static<typeof DetokenizeRequest>;

export const DetokenizeResponse = Type.Object({ prompt: Type.String() });
