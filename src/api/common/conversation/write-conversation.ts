import type { Change, RecordKey, RecordStore } from "../../../store/records.ts";
import { toEntries } from "../items/entries.ts";
import type { Item } from "../items/kinds.ts";
import { nothing, readTranscript, type Transcript } from "./transcript.ts";
import { conversationBusy } from "./turn-locks.ts";

export interface ConversationWrite {
  key: RecordKey;
  /** As it was read. */
  stored: Transcript;
  /** Public id of the model or agent that answered; stays as it was if absent. */
  model?: string;
  /**
   * All items of the conversation after the write, in which those that stay are the same objects. Asked anew with what
   * is there by then when somebody else has written meanwhile; what it throws ends the write.
   */
  next: (stored: Transcript) => readonly Item[];
  /** Made in one with it, or not at all. */
  others?: readonly Change[];
}

/** Written; or nothing is, because of the change at that place in `others`. */
export type ConversationOutcome = { kind: "written"; version: number } | { kind: "conflict"; change: number };

/** How often a conversation is written anew because another process has written it meanwhile. */
const maxAttempts = 8;

/** Writes a conversation. Rejects as the store and `next` do, or as `conversation_busy`. */
export async function writeConversation(
  { key, model, next, others = [], ...write }: ConversationWrite,
  store: RecordStore,
): Promise<ConversationOutcome> {
  let { stored } = write;
  for (let attempt = 0; attempt < maxAttempts; attempt++) {
    const items = next(stored);
    const keep = countSame(stored.items, items);
    const result = await store.write([
      {
        kind: "put",
        key,
        expectedVersion: stored.version,
        keep,
        append: await toEntries(items.slice(keep)),
        ...(model !== undefined && { labels: { model } }),
      },
      ...others,
    ]);
    if (result.kind === "written") return { kind: "written", version: result.versions[0] ?? 0 };
    if (result.change > 0) return { kind: "conflict", change: result.change - 1 };
    stored = (await readTranscript(store, key)) ?? nothing;
  }
  throw conversationBusy();
}

/** How many items two lists have in common, from the first. */
function countSame(some: readonly Item[], others: readonly Item[]): number {
  const end = some.findIndex((item, index) => item !== others[index]);
  return end === -1 ? some.length : end;
}
