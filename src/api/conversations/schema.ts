import { type Static, Type } from "@sinclair/typebox";
import { nullish, open } from "../../http/schema.ts";
import { metadataField } from "../common/fields.ts";
import { InputItem } from "../common/items/schema.ts";

/** Of one request. */
const maxItems = 20;

export const CreateConversationRequest = open(
  {
    metadata: metadataField("Up to 16 texts by key, kept with the conversation."),
    items: nullish(Type.Array(InputItem, { maxItems, description: "What it begins with." })),
  },
  { examples: [{ metadata: { topic: "demo" } }] },
);
export type CreateConversationRequest = Static<typeof CreateConversationRequest>;

export const AddItemsRequest = open(
  {
    items: Type.Array(InputItem, { minItems: 1, maxItems, description: "Come behind those that are there." }),
  },
  { examples: [{ items: [{ type: "message", role: "user", content: "Hello!" }] }] },
);
export type AddItemsRequest = Static<typeof AddItemsRequest>;

export const Conversation = Type.Object({
  id: Type.String(),
  object: Type.Literal("conversation"),
  created_at: Type.Integer({ description: "Unix seconds." }),
  metadata: Type.Record(Type.String(), Type.String()),
});

export const ConversationDeleted = Type.Object({
  id: Type.String(),
  object: Type.Literal("conversation.deleted"),
  deleted: Type.Literal(true),
});
