import { ServeError } from "../../../core/error.ts";
import type { CallContext, EventBatch, Message } from "../../../core/generation.ts";
import { createId } from "../../../core/ids.ts";
import type { Log } from "../../../core/log.ts";
import type { ConversationKey, ConversationStore, StoredConversation } from "../../../store/store.ts";
import { assertConversationId, type GivenId } from "./conversation-id.ts";
import { fitContext, type CountTokens } from "./fit-context.ts";
import { countCommon, historyToAnswer, mergeHistory } from "./merge.ts";
import { recordTurn } from "./record-turn.ts";
import { fitSize, type SizeLimits } from "./size.ts";
import { conversationBusy, createTurnLocks } from "./turn-locks.ts";

export interface ConversationLimits extends SizeLimits {
  /** What an agent is given is no longer than this, as far as the last turn lets it. */
  maxContextTokens?: number;
}

export interface ConversationDeps {
  store: ConversationStore;
  limits: ConversationLimits;
  countTokens: CountTokens;
  /** Whether requests to that model belong to conversations; `""` is the default one. Rejects as a request to it would. */
  keeps(model: string): Promise<boolean>;
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
   * Waits for its turn in the conversation and reads it. Undefined for a model that keeps none. Rejects with
   * `invalid_request` for the id, with `rate_limited` (`conversation_busy`), with `too_large`, with `unavailable`
   * (`store_unavailable`), and with the reason of the context's signal.
   */
  open(request: ConversationRequest, context: CallContext): Promise<OpenConversation | undefined>;
}

/** One turn of a conversation: others wait until it is over. Ends by itself when the call's signal aborts. */
export interface OpenConversation {
  readonly id: string;
  /** What the agent is given: the stored ones and the request's, without the oldest if that is too much. */
  readonly messages: readonly Message[];
  /**
   * Hands `events` of the model of that public id on. The turn, with the answer of choice 0, is written before the event that ends the last choice is
   * handed on, so that whoever saw the end finds it. An answer that fails, or whose client has left, leaves the
   * transcript as it was.
   */
  record(events: AsyncIterable<EventBatch>, model: string): AsyncIterable<EventBatch>;
  /** For a turn that is not recorded. */
  close(): void;
}

/** Requests of one conversation that wait for their turn. */
const maxWaiting = 16;
/** How often a turn is written anew because another process has written one meanwhile. */
const maxAttempts = 8;

const nothing: StoredConversation = { messages: [], version: 0 };

export function createConversations(deps: ConversationDeps): Conversations {
  const { store, limits, log } = deps;
  const locks = createTurnLocks(maxWaiting);

  const write = async (key: ConversationKey, request: ConversationRequest, turn: Turn): Promise<void> => {
    let { stored } = turn;
    for (let attempt = 0; attempt < maxAttempts; attempt++) {
      const whole = fitSize([...mergeHistory(stored.messages, request.messages), turn.answer], limits);
      const keep = countCommon(stored.messages, whole);
      const version = await store.write({
        key,
        model: turn.model,
        keep,
        append: whole.slice(keep),
        expectedVersion: stored.version,
      });
      if (version !== undefined) return;
      stored = (await store.read(key)) ?? nothing;
    }
    throw conversationBusy();
  };

  const writeAsked = async (...turn: Parameters<typeof write>) => {
    try {
      await write(...turn);
    } catch (error) {
      throw notKept(error);
    }
  };

  /** Who asked for no conversation is answered without one, if there is nowhere to keep it. */
  const writeUnasked = async (...turn: Parameters<typeof write>) => {
    try {
      await write(...turn);
    } catch (error) {
      const { code, message } = ServeError.from(error);
      // The store itself tells the operator, once.
      if (code !== "store_unavailable") log.warn("A conversation was not kept", { reason: message });
    }
  };

  return {
    async open(request, context) {
      const { given } = request;
      if (!(await deps.keeps(request.model))) return undefined;
      if (given !== undefined) assertConversationId(given);
      const key = { owner: context.owner ?? "", id: given?.id ?? createId("conv_", 24) };
      const release =
        given === undefined
          ? () => {}
          : await locks.enter(JSON.stringify([key.owner, key.id]), context.signal);
      context.signal.addEventListener("abort", release, { once: true });
      const close = () => {
        context.signal.removeEventListener("abort", release);
        release();
      };
      try {
        const stored = given === undefined ? nothing : ((await store.read(key)) ?? nothing);
        context.signal.throwIfAborted();
        if (given !== undefined) fitSize(mergeHistory(stored.messages, request.messages), limits);
        const messages = await fitContext(historyToAnswer(stored.messages, request.messages), {
          limit: limits.maxContextTokens,
          countTokens: deps.countTokens,
          model: request.model,
        });
        const save = given === undefined ? writeUnasked : writeAsked;
        return {
          id: key.id,
          messages,
          record: (events, model) =>
            recordTurn(events, {
              choices: request.choices,
              save: (answer) => save(key, request, { stored, answer, model }),
              close,
            }),
          close,
        };
      } catch (error) {
        close();
        throw error;
      }
    },
  };
}

/** An agent has done its work already: a client must not have it done again because the answer was not kept. */
function notKept(error: unknown): ServeError {
  const { kind, code = "store_unavailable", cause } = ServeError.from(error);
  return new ServeError(kind, "The answer was given, but it could not be kept in its conversation.", {
    code,
    shouldRetry: false,
    cause,
  });
}

interface Turn {
  stored: StoredConversation;
  answer: Message;
  model: string;
}
