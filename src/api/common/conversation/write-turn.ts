import type { Message } from "../../../core/generation.ts";
import type { ConversationKey, ConversationStore, StoredConversation } from "../../../store/store.ts";
import { countCommon, mergeHistory } from "./merge.ts";
import { fitSize, type SizeLimits } from "./size.ts";
import { conversationBusy } from "./turn-locks.ts";

export interface TurnToWrite {
  key: ConversationKey;
  /** Public id of the agent that answered. */
  agent: string;
  /** As it was read. */
  stored: StoredConversation;
  /** Of the request. */
  messages: readonly Message[];
  answer: Message;
}

export const nothing: StoredConversation = { messages: [], version: 0 };

/** How often a turn is written anew because another process has written one meanwhile. */
const maxAttempts = 8;

/** Writes a turn at the end of its conversation. Rejects as the store and `fitSize` do, or as `conversation_busy`. */
export async function writeTurn(
  turn: TurnToWrite,
  { store, limits }: { store: ConversationStore; limits: SizeLimits },
): Promise<void> {
  const { key, agent, messages, answer } = turn;
  let { stored } = turn;
  for (let attempt = 0; attempt < maxAttempts; attempt++) {
    const whole = fitSize([...mergeHistory(stored.messages, messages), answer], limits);
    const keep = countCommon(stored.messages, whole);
    const append = whole.slice(keep);
    const version = await store.write({ key, model: agent, keep, append, expectedVersion: stored.version });
    if (version !== undefined) return;
    stored = (await store.read(key)) ?? nothing;
  }
  throw conversationBusy();
}
