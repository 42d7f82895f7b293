import type { CallContext, Message } from "../../../core/generation.ts";
import type { Log } from "../../../core/log.ts";
import type { RecordKey, RecordStore } from "../../../store/records.ts";
import { toEntries } from "../items/entries.ts";
import { assertConversationId, createConversationId, type GivenId } from "./conversation-id.ts";
import { fitContext, type CountTokens } from "./fit-context.ts";
import {
  type Addition,
  appendItems,
  type Appended,
  enterConversation,
  type ItemTurn,
  readExisting,
} from "./item-turn.ts";
import { type ConversationHead, conversationKey, writeHead } from "./layout.ts";
import { itemsAfter } from "./next-items.ts";
import { type OpenConversation, openConversation } from "./open-conversation.ts";
import { createTurnSaver } from "./save-turn.ts";
import type { SizeLimits } from "./size.ts";
import { nothing } from "./transcript.ts";
import { createTurnLocks } from "./turn-locks.ts";

export interface ConversationLimits extends SizeLimits {
  /** What an agent is given is no longer than this, as far as the last turn lets it. */
  maxContextTokens?: number;
}

export interface ConversationDeps {
  store: RecordStore;
  limits: ConversationLimits;
  countTokens: CountTokens;
  /**
   * Public id of the agent of that id, `""` being the default's; undefined for a model whose requests belong to no
   * conversations. Rejects as a request to it would.
   */
  agentOf(model: string): Promise<string | undefined>;
  log: Log;
}

export interface ConversationRequest {
  /** As the client names it; `""` for the default. */
  model: string;
  messages: readonly Message[];
  /** Absent: a new conversation. */
  given?: GivenId;
}

export interface Conversations {
  /**
   * The conversation of a request, which has to wait for its turn in it yet. Undefined for a model that keeps none.
   * Rejects with `invalid_request` for the id, and as `agentOf` does.
   */
  open(request: ConversationRequest, context: CallContext): Promise<OpenConversation | undefined>;
  /**
   * Begins a turn of a conversation in items, once those before it are over. Rejects with `invalid_request` for the id,
   * and as `enterConversation` does.
   */
  enter(given: GivenId, context: Pick<CallContext, "owner" | "signal">): Promise<ItemTurn>;
  /** Adds items without waiting for turns, which come to stand behind them. Rejects as `appendItems` does. */
  append(key: RecordKey, addition: Addition): Promise<Appended>;
  /** A new conversation of these items. Rejects with `too_large` and as the store does. */
  begin(key: RecordKey, head: ConversationHead, addition: Addition): Promise<void>;
  /** What an agent is given of its conversation; for other models, all of it. Rejects as `agentOf` does. */
  fit(messages: readonly Message[], model: string): Promise<readonly Message[]>;
}

/** Requests of one conversation that wait for their turn. */
const maxWaiting = 16;

export function createConversations(deps: ConversationDeps): Conversations {
  const { store, limits, countTokens } = deps;
  const room = { ...deps, locks: createTurnLocks(maxWaiting), saver: createTurnSaver(deps.log) };
  return {
    async open(request, context) {
      const { given } = request;
      const agent = await deps.agentOf(request.model);
      if (agent === undefined) return undefined;
      if (given !== undefined) assertConversationId(given);
      const key = conversationKey(context.owner, given?.id ?? createConversationId());
      return openConversation({ key, agent, isAsked: given !== undefined, request }, context, room);
    },
    async enter(given, context) {
      assertConversationId(given);
      return await enterConversation(conversationKey(context.owner, given.id), context, room);
    },
    async append(key, addition) {
      return await appendItems({ key, stored: await readExisting(store, key), addition }, room);
    },
    async begin(key, head, addition) {
      const items = itemsAfter(nothing, addition, limits);
      const append = await toEntries(items);
      await store.write([{ kind: "put", key, expectedVersion: 0, text: writeHead(head), append }]);
    },
    async fit(messages, model) {
      if ((await deps.agentOf(model)) === undefined) return messages;
      return await fitContext(messages, { limit: limits.maxContextTokens, countTokens, model });
    },
  };
}
