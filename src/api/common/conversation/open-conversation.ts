import { ServeError } from "../../../core/error.ts";
import type { CallContext, Message } from "../../../core/generation.ts";
import type { RecordKey, RecordStore } from "../../../store/records.ts";
import type { Keeper } from "../record-answer.ts";
import { AnswerRecorder } from "./answer-recorder.ts";
import { fitContext, type CountTokens } from "./fit-context.ts";
import { historyToAnswer, mergeHistory } from "./merge.ts";
import { itemsAfterTurn } from "./next-items.ts";
import type { TurnSaver } from "./save-turn.ts";
import { fitSize, type SizeLimits } from "./size.ts";
import { createPlace } from "./place.ts";
import { nothing, readTranscript } from "./transcript.ts";
import type { TurnLocks } from "./turn-locks.ts";
import { writeConversation } from "./write-conversation.ts";

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
  /** Writes the turn, with the agent's answer of choice 0. Without it the transcript stays as it was. */
  readonly keeper: Keeper;
  /** For a turn that is not written. */
  close: () => void;
}

export interface ConversationRoom {
  store: RecordStore;
  limits: SizeLimits & { maxContextTokens?: number };
  countTokens: CountTokens;
  locks: TurnLocks;
  saver: TurnSaver;
}

export interface TurnToOpen {
  key: RecordKey;
  agent: string;
  /** Whether the client named the conversation; it is a new one otherwise. */
  isAsked: boolean;
  request: { model: string; messages: readonly Message[] };
}

export function openConversation(
  { key, agent, isAsked, request }: TurnToOpen,
  { signal }: CallContext,
  { store, limits, countTokens, locks, saver }: ConversationRoom,
): OpenConversation {
  const place = createPlace({ locks, key, signal });
  let stored = nothing;
  const read = async () => {
    if (isAsked) {
      stored = (await readTranscript(store, key)) ?? nothing;
      signal.throwIfAborted();
      fitSize(mergeHistory(stored.messages, request.messages), limits, stored);
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
    messages: () => place.enter(read),
    keeper: createTurnKeeper({
      maxCharacters: limits.maxBytes,
      tooLong() {
        const error = answerTooLong(limits);
        if (isAsked) throw error;
        saver.notKept(error.message);
      },
      async save(answer) {
        const turn = { messages: request.messages, answer };
        const writing = writeConversation(
          { key, model: agent, stored, next: (present) => itemsAfterTurn(present, turn, limits) },
          store,
        );
        place.hold(writing);
        await (isAsked ? saver.asked(writing) : saver.unasked(writing));
      },
    }),
    close: place.close,
  };
}

interface TurnToKeep {
  /** Longest answer that is saved. */
  maxCharacters: number;
  /** Called once for a longer one, which goes on and is not saved; what it throws ends the answer. */
  tooLong: () => void;
  save: (answer: Message) => Promise<void>;
}

function createTurnKeeper({ maxCharacters, tooLong, save }: TurnToKeep): Keeper {
  const recorder = new AnswerRecorder(maxCharacters);
  return {
    add(event) {
      const wasTooLong = recorder.isTooLong;
      recorder.add(event);
      if (recorder.isTooLong && !wasTooLong) tooLong();
    },
    async save() {
      if (!recorder.isTooLong) await save(recorder.message());
    },
  };
}

function answerTooLong({ maxBytes }: SizeLimits): ServeError {
  return new ServeError("too_large", `The answer is longer than a conversation may be: ${maxBytes} bytes.`, {
    code: "conversation_too_large",
    shouldRetry: false,
  });
}
