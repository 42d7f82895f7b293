import type { StoredRecord } from "../../store/records.ts";
import { readHead } from "../common/conversation/layout.ts";

export function encodeConversation({
  key,
  createdAt,
  text,
}: Pick<StoredRecord, "key" | "createdAt" | "text">) {
  return {
    id: key.id,
    object: "conversation",
    created_at: Math.floor(createdAt / 1_000),
    metadata: readHead(text).metadata ?? {},
  };
}

export function encodeDeleted(id: string) {
  return { id, object: "conversation.deleted", deleted: true };
}
