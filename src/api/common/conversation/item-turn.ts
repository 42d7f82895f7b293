import type { CallContext } from "../../../core/generation.ts";
import type { Change, RecordKey, RecordStore } from "../../../store/records.ts";
import { createItemId } from "../items/item-id.ts";
import type { Item } from "../items/kinds.ts";
import { notFound } from "../path-id.ts";
import { conversationIds } from "./conversation-id.ts";
import { itemsAfter } from "./next-items.ts";
import { createPlace } from "./place.ts";
import type { SizeLimits } from "./size.ts";
import { readTranscript, type Transcript } from "./transcript.ts";
import type { TurnLocks } from "./turn-locks.ts";
import { type ConversationOutcome, writeConversation } from "./write-conversation.ts";

/** One turn of a conversation, in items: other turns wait until it is over. Ends by itself when the signal aborts. */
export interface ItemTurn {
  readonly id: string;
  /** Of the conversation as it was when the turn began. */
  readonly items: readonly Item[];
  /** Writes the turn, after which others wait no more. See `appendItems`. */
  append(addition: Addition): Promise<Appended>;
  /** For a turn that is not written. */
  close(): void;
}

export interface Addition {
  /** Come to stand behind the conversation's items. */
  added: readonly Item[];
  /** The field in which the client gave them, for errors. */
  param: string;
  /** Public id of the model that answered, where one has. */
  model?: string;
  /** Made in one with the conversation's write, or not at all. */
  others?: readonly Change[];
}

/** What became of an addition: `added` as it was written, with ids that the conversation had not yet. */
export type Appended = ConversationOutcome & { added: readonly Item[] };

export interface ItemRoom {
  store: RecordStore;
  limits: SizeLimits;
  locks: TurnLocks;
}

/** Rejects with `not_found`, with `rate_limited` (`conversation_busy`) and as the store does. */
export async function enterConversation(
  key: RecordKey,
  { signal }: Pick<CallContext, "signal">,
  { store, limits, locks }: ItemRoom,
): Promise<ItemTurn> {
  const place = createPlace({ locks, key, signal });
  const stored = await place.enter(() => readExisting(store, key));
  return {
    id: key.id,
    items: stored.items,
    async append(addition) {
      const writing = appendItems({ key, stored, addition }, { store, limits });
      place.hold(writing);
      place.close();
      return await writing;
    },
    close: place.close,
  };
}

/**
 * Writes items at the end of a conversation, which loses its oldest turns if that is too much. Rejects with `not_found`
 * if it is not there any more, with `too_large`, with `rate_limited` (`conversation_busy`) and as the store does.
 */
export async function appendItems(
  { key, stored, addition }: { key: RecordKey; stored: Transcript; addition: Addition },
  { store, limits }: Pick<ItemRoom, "store" | "limits">,
): Promise<Appended> {
  const { model, param, others = [] } = addition;
  let { added } = addition;
  const outcome = await writeConversation(
    {
      key,
      stored,
      others,
      ...(model !== undefined && { model }),
      next(present) {
        if (present.version === 0) throw notFound(key.id, conversationIds);
        added = withOwnIds(addition.added, present.items);
        return itemsAfter(present, { added, param }, limits);
      },
    },
    store,
  );
  return { ...outcome, added };
}

/** What is given back by a client may bear the id of an item that is there already. */
function withOwnIds(added: readonly Item[], present: readonly Item[]): readonly Item[] {
  const taken = new Set(present.map(({ id }) => id));
  return added.map((item) => (taken.has(item.id) ? { ...item, id: createItemId(item.type) } : item));
}

/** Rejects with `not_found`. */
export async function readExisting(store: RecordStore, key: RecordKey): Promise<Transcript> {
  const stored = await readTranscript(store, key);
  if (stored === undefined) throw notFound(key.id, conversationIds);
  return stored;
}
