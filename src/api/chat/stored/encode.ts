import type { StoredRecord } from "../../../store/records.ts";
import type { ChatMessage } from "../schema.ts";
import { metadataOf } from "./layout.ts";

/** JSON of a stored completion. */
export function encodeStored(record: Pick<StoredRecord, "text" | "labels">): string {
  return `${record.text.slice(0, -1)},"metadata":${JSON.stringify(metadataOf(record))}}`;
}

export function encodeDeleted(id: string) {
  return { object: "chat.completion.deleted", id, deleted: true };
}

/** A message of a request as it is listed: parts stand in a field of their own. */
export function encodeMessage(id: string, message: ChatMessage) {
  const { content = null, ...rest } = message;
  const hasParts = Array.isArray(content);
  return {
    refusal: null,
    ...withoutNulls(rest),
    id,
    content: hasParts ? null : content,
    name: message.name ?? null,
    content_parts: hasParts ? content : null,
  };
}

function withoutNulls(fields: object): object {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null));
}
