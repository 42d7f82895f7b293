/**
 * How a conversation is kept, whichever surface it was begun through: a record of the collection `conversation`, under
 * the conversation's id.
 *
 * - Head: JSON of a `ConversationHead`; empty is the same as `{}`.
 * - Labels: `model`, the public id of the model or agent that answered last; absent before any has.
 * - Entries: one for each item, in the order of the conversation, as `toEntries` writes them.
 * - No parent. It expires with the operator's limit, counted from the last write.
 */
import type { RecordKey } from "../../../store/records.ts";

export interface ConversationHead {
  /** What the client noted down with it. */
  metadata?: Readonly<Record<string, string>>;
}

export function conversationKey(owner: string | undefined, id: string): RecordKey {
  return { collection: "conversation", owner: owner ?? "", id };
}

export function writeHead(head: ConversationHead): string {
  return JSON.stringify(head);
}

/** What `writeHead` has written. */
export function readHead(text: string): ConversationHead {
  return text === "" ? {} : JSON.parse(text);
}
