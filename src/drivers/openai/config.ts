import { type Static, Type } from "@sinclair/typebox";
import { type ProviderName, providerNames } from "./providers.ts";

const closed = { additionalProperties: false };

/** Upper case, as variables are: a key that someone put here by mistake has small letters too. */
const variableName = Type.String({
  pattern: "^[A-Z_][A-Z0-9_]{0,127}$",
  expected: "the name of an environment variable in capital letters, and not the key itself",
});

export const OpenaiConfig = Type.Object(
  {
    kind: Type.Literal("openai"),
    base_url: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 2_048,
        description: "Base URL, such as `https://api.example.com/v1`; the provider's own if absent.",
      }),
    ),
    provider: Type.Optional(
      Type.Unsafe<ProviderName>(
        Type.Union(
          providerNames.map((name) => Type.Literal(name)),
          { description: "A known service or server, which sets the base URL, the key's variable and more." },
        ),
      ),
    ),
    api_key_env: Type.Optional(
      Type.Union([variableName, Type.Array(variableName, { minItems: 1, maxItems: 8 })], {
        description: "Environment variable that holds the key; of several, the first that is set.",
      }),
    ),
    headers: Type.Optional(
      Type.Record(
        Type.String({ pattern: "^[A-Za-z0-9-]{1,64}$" }),
        Type.String({ maxLength: 4_096, pattern: "^[\\x20-\\x7e\\t]*$" }),
        {
          ...closed,
          maxProperties: 32,
          expectedKey: "the name of a header",
          description: "Headers that every call bears.",
        },
      ),
    ),
    organization: Type.Optional(headerValue("Sent as `OpenAI-Organization`.")),
    project: Type.Optional(headerValue("Sent as `OpenAI-Project`.")),
    models: Type.Optional(
      Type.Array(Type.String({ minLength: 1, maxLength: 256, pattern: "^\\S+$" }), {
        minItems: 1,
        maxItems: 10_000,
        description: "The models to serve; all that the server lists if absent.",
      }),
    ),
    private: Type.Optional(
      Type.Boolean({ default: false, description: "Serves agents only: clients do not see its models." }),
    ),
    max_tokens_field: Type.Optional(
      Type.Unsafe<"auto" | "max_tokens" | "max_completion_tokens">(
        Type.Union(
          ["auto", "max_tokens", "max_completion_tokens"].map((name) => Type.Literal(name)),
          { default: "auto", description: "What the server calls the limit of tokens; auto finds it out." },
        ),
      ),
    ),
    max_choices: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 128,
        description: "Most answers (`n`) that one call gives; more are asked for in further calls.",
      }),
    ),
  },
  closed,
);
export type OpenaiConfig = Static<typeof OpenaiConfig>;

function headerValue(description: string) {
  return Type.String({ minLength: 1, maxLength: 256, pattern: "^[\\x21-\\x7e]+$", description });
}
