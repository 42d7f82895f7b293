import { Type } from "@sinclair/typebox";
import { nullable, words } from "../../http/schema.ts";

const TextAnswer = Type.Object(
  { type: Type.Literal("text"), text: Type.String(), citations: Type.Null() },
  { title: "AnsweredTextBlock" },
);
const ThinkingAnswer = Type.Object(
  {
    type: Type.Literal("thinking"),
    thinking: Type.String(),
    signature: Type.String({ description: "Opaque; to be given back as it is." }),
  },
  { title: "AnsweredThinkingBlock" },
);
const ToolUseAnswer = Type.Object(
  {
    type: Type.Literal("tool_use"),
    id: Type.String(),
    name: Type.String(),
    input: Type.Record(Type.String(), Type.Unknown()),
    caller: Type.Object({ type: Type.Literal("direct") }),
  },
  { title: "AnsweredToolUseBlock" },
);
const AnsweredBlock = Type.Union([TextAnswer, ThinkingAnswer, ToolUseAnswer], { title: "AnsweredBlock" });

const counts = {
  input_tokens: Type.Integer({ description: "Without those that were read from a cache." }),
  output_tokens: Type.Integer(),
  cache_creation_input_tokens: Type.Literal(0),
  cache_read_input_tokens: Type.Integer(),
  output_tokens_details: Type.Object({ thinking_tokens: Type.Integer() }),
  server_tool_use: Type.Null(),
};
const MessageUsage = Type.Object(
  {
    ...counts,
    cache_creation: Type.Object({
      ephemeral_5m_input_tokens: Type.Literal(0),
      ephemeral_1h_input_tokens: Type.Literal(0),
    }),
    inference_geo: Type.Null(),
    service_tier: Type.Literal("standard"),
    speed: Type.Null(),
  },
  { title: "MessageUsage" },
);

const stop = {
  stop_reason: nullable(words("end_turn", "max_tokens", "stop_sequence", "tool_use", "refusal")),
  stop_sequence: nullable(Type.String({ description: "The one that ended the answer." })),
  stop_details: nullable(
    Type.Object(
      { type: Type.Literal("refusal"), category: Type.Null(), explanation: Type.Null() },
      { title: "RefusalDetails" },
    ),
  ),
};

export const Message = Type.Object({
  id: Type.String(),
  type: Type.Literal("message"),
  role: Type.Literal("assistant"),
  model: Type.String(),
  container: Type.Null(),
  diagnostics: Type.Null(),
  content: Type.Array(AnsweredBlock),
  ...stop,
  usage: MessageUsage,
});

const index = Type.Integer({ description: "Number of the block." });
const Delta = Type.Union(
  [
    Type.Object({ type: Type.Literal("text_delta"), text: Type.String() }),
    Type.Object({ type: Type.Literal("thinking_delta"), thinking: Type.String() }),
    Type.Object({ type: Type.Literal("signature_delta"), signature: Type.String() }),
    Type.Object({ type: Type.Literal("input_json_delta"), partial_json: Type.String() }),
  ],
  { title: "BlockDelta" },
);

export const MessageError = Type.Object(
  {
    type: Type.Literal("error"),
    error: Type.Object({
      type: Type.String({ description: "The kind of failure, as Anthropic names it." }),
      message: Type.String({ description: "What is wrong, in a sentence that names the field." }),
      details: Type.Optional(
        Type.Object(
          { error_code: Type.String() },
          { title: "MessageErrorDetails", description: "Where the clients act on the reason." },
        ),
      ),
    }),
    request_id: Type.String(),
  },
  { description: "Under `/v1/messages`, every answer that is not a success has this form." },
);

export const MessageEvent = Type.Union(
  [
    Type.Object({ type: Type.Literal("message_start"), message: Message }, { title: "MessageStart" }),
    Type.Object({ type: Type.Literal("ping") }, { title: "Ping" }),
    Type.Object(
      { type: Type.Literal("content_block_start"), index, content_block: AnsweredBlock },
      { title: "ContentBlockStart" },
    ),
    Type.Object(
      { type: Type.Literal("content_block_delta"), index, delta: Delta },
      { title: "ContentBlockDelta" },
    ),
    Type.Object({ type: Type.Literal("content_block_stop"), index }, { title: "ContentBlockStop" }),
    Type.Object(
      {
        type: Type.Literal("message_delta"),
        delta: Type.Object({ container: Type.Null(), ...stop }),
        usage: Type.Object(counts),
      },
      { title: "MessageDelta" },
    ),
    Type.Object({ type: Type.Literal("message_stop") }, { title: "MessageStop" }),
    MessageError,
  ],
  { description: "The `data:` line of one event; its `event:` line has the same `type`." },
);

export const TokenCount = Type.Object({ input_tokens: Type.Integer() });
