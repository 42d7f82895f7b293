import { Type } from "@sinclair/typebox";
import type { Static } from "@sinclair/typebox";
import type { ReasoningFormatName } from "../../text/reasoning/format.ts";
import { reasoningFormats } from "../../text/reasoning/formats.ts";
import { TemplateSetting } from "../../text/templates/load.ts";
import { toolCallFormats } from "../../text/tool-calls/formats.ts";
import { dialects } from "./dialects/dialects.ts";
import { TlsSetting } from "./tls.ts";

const closed = { additionalProperties: false };
const tensorName = Type.String({ minLength: 1, maxLength: 256 });
const marks = Type.Array(Type.String({ minLength: 1, maxLength: 100 }), { minItems: 1, maxItems: 8 });

const TensorSetting = Type.Object(
  {
    prompt: Type.Optional(tensorName),
    stream: Type.Optional(tensorName),
    text: Type.Optional(tensorName),
    finish_reason: Type.Optional(tensorName),
    prompt_tokens: Type.Optional(tensorName),
    completion_tokens: Type.Optional(tensorName),
    embedding: Type.Optional(tensorName),
    parameters: Type.Optional(
      Type.Record(Type.String({ pattern: "^[a-z_]{1,64}$" }), tensorName, {
        ...closed,
        expectedKey: "the name of a request field, such as max_tokens",
        description: "Input tensors by the request field that they carry, such as `max_tokens: n_predict`.",
      }),
    ),
    cumulative: Type.Optional(
      Type.Boolean({ description: "Each message repeats the whole text so far.", default: false }),
    ),
    echo: Type.Optional(Type.Boolean({ description: "The text begins with the prompt.", default: false })),
  },
  { ...closed, description: "Names of tensors, where they cannot be guessed from the model's metadata." },
);

/** One of a few words. */
function words<const Word extends string>(
  names: readonly Word[],
  options: { description: string; default?: NoInfer<Word> },
) {
  return Type.Unsafe<Word>(
    Type.Union(
      names.map((name) => Type.Literal(name)),
      options,
    ),
  );
}

/** The names of a table, as its type has them. */
function namesOf<Name extends string>(table: Readonly<Record<Name, unknown>>): Name[] {
  return Object.keys(table).filter((name): name is Name => name in table);
}

/** What can be set for one model, and at the backend for all of its models. */
const modelSettings = {
  dialect: Type.Optional(
    words(["auto", ...namesOf(dialects)], {
      description: "How the server lays out its tensors; auto finds it out.",
      default: "auto",
    }),
  ),
  layout: Type.Optional(
    words(["capability", "model"], {
      description:
        "AnyServe's layout: the name in a call is a capability (`generate`), or the model's own name.",
      default: "capability",
    }),
  ),
  tensors: Type.Optional(TensorSetting),
  structured_outputs: Type.Optional(
    words(["structured_outputs", "guided_decoding", "none"], {
      description:
        "Constrained decoding: none if the server has none, as TensorRT-LLM engines without a guided decoding backend. Else vLLM's key for it; by default structured_outputs if its backend embeds (Triton 25.11 and newer), else guided_decoding.",
    }),
  ),
  template: Type.Optional(TemplateSetting),
  template_variables: Type.Optional(
    Type.Record(Type.String({ minLength: 1, maxLength: 64 }), Type.Unknown(), {
      description: "Variables for the chat template, such as `enable_thinking: false`.",
      maxProperties: 64,
    }),
  ),
  allowed_template_variables: Type.Optional(
    Type.Array(Type.String({ minLength: 1, maxLength: 64 }), {
      description: "Variables that clients may set in `chat_template_kwargs`.",
      maxItems: 64,
      default: ["enable_thinking", "thinking", "reasoning_effort"],
    }),
  ),
  tool_parser: Type.Optional(
    words(["auto", "none", ...namesOf(toolCallFormats)], {
      description: "How the model writes tool calls; auto goes by the chat template, none refuses tools.",
      default: "auto",
    }),
  ),
  reasoning_parser: Type.Optional(
    Type.Unsafe<ReasoningFormatName | "auto" | "none" | { open: string[]; close: string[] }>(
      Type.Union(
        [
          ...["auto", "none", ...namesOf(reasoningFormats)].map((name) => Type.Literal(name)),
          Type.Object(
            { open: marks, close: marks },
            { ...closed, description: "Marks between which the model thinks." },
          ),
        ],
        {
          description: "How the model marks its reasoning; auto goes by the chat template.",
          default: "auto",
        },
      ),
    ),
  ),
  fim: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 1_000,
      description:
        "How the model is asked to fill in between a prompt and a `suffix`: the name of a family (codellama, qwen, starcoder, deepseek, codestral), or a text with {prefix} and {suffix}.",
    }),
  ),
  lora: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 256,
      description: "Name of the adapter that this model stands for.",
    }),
  ),
};

/** Settings of one model under `models:`. */
export const KserveModelSettings = Type.Object(modelSettings, closed);
export type KserveModelSettings = Static<typeof KserveModelSettings>;

/** The part of the configuration that describes a backend of kind `kserve`. */
export const KserveConfig = Type.Object(
  {
    kind: Type.Literal("kserve"),
    endpoint: Type.String({
      description:
        'Host and port of the model server\'s gRPC interface, such as "localhost:8001"; grpcs://host:port for TLS.',
    }),
    stream_endpoint: Type.Optional(
      Type.String({
        description:
          "Host and port that have the stream rpc, if not the endpoint or, for AnyServe, the port 100 above it.",
      }),
    ),
    model_name: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 256,
        description: "The model's name, for a server that does not say it.",
      }),
    ),
    tls: Type.Optional(TlsSetting),
    metadata: Type.Optional(
      Type.Record(
        Type.String({ pattern: "^[a-z0-9_.-]{1,128}$" }),
        Type.String({ maxLength: 8_192, pattern: "^[\\x20-\\x7e]*$", expected: "visible ASCII characters" }),
        {
          ...closed,
          maxProperties: 32,
          expectedKey: "a header name in lower case",
          description:
            "gRPC metadata for every call, such as `triton-grpc-protocol-infer: ${env:TRITON_KEY}`.",
        },
      ),
    ),
    images: Type.Optional(
      Type.Object(
        {
          allow_hosts: Type.Optional(
            Type.Array(Type.String({ minLength: 1, maxLength: 253 }), {
              maxItems: 1_000,
              default: [],
              description:
                "Hosts from which images of a request are fetched, such as `images.example` or `*.cdn.example`; none means that images come in the request. A host of a private network is never called, in the list or not.",
            }),
          ),
          max_bytes: Type.Optional(
            Type.Integer({
              minimum: 1_024,
              maximum: 134_217_728,
              default: 20_971_520,
              description: "Largest image that is taken, in a request or by its address.",
            }),
          ),
        },
        closed,
      ),
    ),
    max_message_bytes: Type.Optional(
      Type.Integer({
        minimum: 1_024,
        maximum: 2_147_483_647,
        description: "Largest message that is taken from the server.",
        default: 67_108_864,
      }),
    ),
    keepalive_seconds: Type.Optional(
      Type.Integer({
        minimum: 10,
        maximum: 86_400,
        description:
          "Time between pings while calls are under way. gRPC servers by default drop a client that pings a silent call more often than every 300 seconds.",
        default: 310,
      }),
    ),
    ...modelSettings,
  },
  closed,
);
export type KserveConfig = Static<typeof KserveConfig>;
