import { ServeError } from "../../../core/error.ts";
import type { CallContext, EventBatch, Message } from "../../../core/generation.ts";
import type { ConversationKey, ConversationStore } from "../../../store/store.ts";
import { fitContext, type CountTokens } from "./fit-context.ts";
import { historyToAnswer, mergeHistory } from "./merge.ts";
import { recordTurn } from "./record-turn.ts";
import type { TurnSaver } from "./save-turn.ts";
import { fitSize, type SizeLimits } from "./size.ts";
import type { TurnLocks } from "./turn-locks.ts";
import { nothing, writeTurn } from "./write-turn.ts";

/** One turn of a conversation: others wait until it is over. Ends by itself when the call's signal aborts. */
export interface OpenConversation {
  readonly id: string;
  /** Public id of the agent. */
  readonly agent: string;
  /**
   * Waits for its turn and reads the conversation; to be called once. Resolves with what the agent is given: the stored
   * messages and the request's, without the oldest if that is too much. Rejects with `rate_limited`
   * (`conversation_busy`), with `too_large`, with `unavailable` (`store_unavailable`), and with the reason of the
   * context's signal.
   */
  messages(): Promise<readonly Message[]>;
  /**
   * Hands `events`, the agent's answer, on. The turn, with the answer of choice 0, is written before the event that
   * ends the last choice is handed on, so that whoever saw the end finds it. An answer that fails, or whose client has
   * left, leaves the transcript as it was.
   */
  record(events: AsyncIterable<EventBatch>): AsyncIterable<EventBatch>;
  /** For a turn that is not recorded. */
  close(): void;
}

export interface ConversationRoom {
  store: ConversationStore;
  limits: SizeLimits & { maxContextTokens?: number };
  countTokens: CountTokens;
  locks: TurnLocks;
  saver: TurnSaver;
}

export interface TurnToOpen {
  key: ConversationKey;
  agent: string;
  /** Whether the client named the conversation; it is a new one otherwise. */
  isAsked: boolean;
  request: { model: string; messages: readonly Message[]; choices: number };
}

export function openConversation(
  { key, agent, isAsked, request }: TurnToOpen,
  { signal }: CallContext,
  { store, limits, countTokens, locks, saver }: ConversationRoom,
): OpenConversation {
  let stored = nothing;
  let leave: (() => void) | undefined;
  let isOver = false;
  /** Settles, and never rejects, once the turn is written. */
  let written: Promise<void> | undefined;

  const close = () => {
    isOver = true;
    signal.removeEventListener("abort", close);
    // Others are not let in while it is being written.
    if (written === undefined) leave?.();
    else void written.then(leave);
  };
  const enter = async () => {
    leave = await locks.enter(JSON.stringify([key.owner, key.id]), signal);
    if (isOver) leave();
    else signal.addEventListener("abort", close, { once: true });
  };
  const read = async () => {
    if (isAsked) {
      stored = (await store.read(key)) ?? nothing;
      signal.throwIfAborted();
      fitSize(mergeHistory(stored.messages, request.messages), limits);
    }
    return await fitContext(historyToAnswer(stored.messages, request.messages), {
      limit: limits.maxContextTokens,
      countTokens,
      model: request.model,
    });
  };

  return {
    id: key.id,
    agent,
    async messages() {
      await enter();
      try {
        return await read();
      } catch (error) {
        close();
        throw error;
      }
    },
    record: (events) =>
      recordTurn(events, {
        choices: request.choices,
        maxCharacters: limits.maxBytes,
        tooLong() {
          const error = answerTooLong(limits);
          if (isAsked) throw error;
          saver.notKept(error.message);
        },
        async save(answer) {
          const { messages } = request;
          const writing = writeTurn({ key, agent, stored, messages, answer }, { store, limits });
          written = writing.catch(() => {});
          await (isAsked ? saver.asked(writing) : saver.unasked(writing));
        },
        close,
      }),
    close,
  };
}

function answerTooLong({ maxBytes }: SizeLimits): ServeError {
  return new ServeError("too_large", `The answer is longer than a conversation may be: ${maxBytes} bytes.`, {
    code: "conversation_too_large",
    shouldRetry: false,
  });
}
