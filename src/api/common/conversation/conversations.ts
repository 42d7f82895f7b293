import type { CallContext, Message } from "../../../core/generation.ts";
import { createId } from "../../../core/ids.ts";
import type { Log } from "../../../core/log.ts";
import type { ConversationStore } from "../../../store/store.ts";
import { assertConversationId, type GivenId } from "./conversation-id.ts";
import type { CountTokens } from "./fit-context.ts";
import { type OpenConversation, openConversation } from "./open-conversation.ts";
import { createTurnSaver } from "./save-turn.ts";
import type { SizeLimits } from "./size.ts";
import { createTurnLocks } from "./turn-locks.ts";

export interface ConversationLimits extends SizeLimits {
  /** What an agent is given is no longer than this, as far as the last turn lets it. */
  maxContextTokens?: number;
}

export interface ConversationDeps {
  store: ConversationStore;
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
  /** Answers that the request asks for. */
  choices: number;
}

export interface Conversations {
  /**
   * The conversation of a request, which has to wait for its turn in it yet. Undefined for a model that keeps none.
   * Rejects with `invalid_request` for the id, and as `agentOf` does.
   */
  open(request: ConversationRequest, context: CallContext): Promise<OpenConversation | undefined>;
}

/** Requests of one conversation that wait for their turn. */
const maxWaiting = 16;

export function createConversations(deps: ConversationDeps): Conversations {
  const room = { ...deps, locks: createTurnLocks(maxWaiting), saver: createTurnSaver(deps.log) };
  return {
    async open(request, context) {
      const { given } = request;
      const agent = await deps.agentOf(request.model);
      if (agent === undefined) return undefined;
      if (given !== undefined) assertConversationId(given);
      const key = { owner: context.owner ?? "", id: given?.id ?? createId("conv_", 24) };
      return openConversation({ key, agent, isAsked: given !== undefined, request }, context, room);
    },
  };
}
