import { Type } from "@sinclair/typebox";
import { nullable } from "../../../http/schema.ts";
import { listOf } from "../../common/fields.ts";
import { ChatCompletion } from "../answer-schema.ts";

export const ChatCompletionList = listOf(ChatCompletion, "StoredChatCompletion");

export const ChatCompletionDeleted = Type.Object({
  object: Type.Literal("chat.completion.deleted"),
  id: Type.String(),
  deleted: Type.Literal(true),
});

export const ChatCompletionMessageList = listOf(
  Type.Object({
    id: Type.String(),
    role: Type.String(),
    content: nullable(Type.String()),
    content_parts: nullable(
      Type.Array(Type.Unknown(), { description: "In place of `content`, where parts were given." }),
    ),
    name: nullable(Type.String()),
    refusal: nullable(Type.String()),
    tool_calls: Type.Optional(Type.Array(Type.Unknown())),
    function_call: Type.Optional(Type.Unknown()),
    tool_call_id: Type.Optional(Type.String()),
  }),
  "StoredMessage",
);
