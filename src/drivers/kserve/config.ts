import { Type } from "@sinclair/typebox";
import type { Static } from "@sinclair/typebox";

/** The part of the configuration that describes a backend of kind `kserve`. */
export const KserveConfig = Type.Object(
  {
    kind: Type.Literal("kserve"),
    endpoint: Type.String({
      description: 'Host and port of the model server\'s gRPC interface, such as "localhost:8000".',
    }),
    stream_endpoint: Type.Optional(
      Type.String({
        description:
          "Host and port that have the stream rpc, if not the endpoint or, for AnyServe, the port 100 above it.",
      }),
    ),
    dialect: Type.Optional(
      Type.Literal("anyserve", { description: "How the server lays out its tensors.", default: "anyserve" }),
    ),
    layout: Type.Optional(
      Type.Union([Type.Literal("capability"), Type.Literal("model")], {
        description:
          "AnyServe's layout: the name in a call is a capability (`generate`), or the model's own name.",
        default: "capability",
      }),
    ),
    model_name: Type.Optional(
      Type.String({
        minLength: 1,
        description: "The model's name, for a server that does not say it.",
      }),
    ),
    template: Type.Optional(
      Type.Union(
        [Type.Literal("plain"), Type.Literal("chatml"), Type.Literal("llama3"), Type.Literal("mistral")],
        { description: "How a conversation becomes a prompt.", default: "plain" },
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
  },
  { additionalProperties: false },
);
export type KserveConfig = Static<typeof KserveConfig>;
