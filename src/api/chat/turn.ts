import type { CallContext, EventBatch, GenerationRequest } from "../../core/generation.ts";
import {
  assertConversationId,
  conversationHeader,
  givenIds,
} from "../common/conversation/conversation-id.ts";
import type { Conversations } from "../common/conversation/conversations.ts";
import { given } from "../common/sampling.ts";
import type { ChatCompletionRequest } from "./schema.ts";

/** A request as its model is asked, with the conversation around it where there is one. */
export interface Turn {
  request: GenerationRequest;
  /** Comes back with the answer. */
  conversationId?: string;
  headers: Readonly<Record<string, string>>;
  /** Hands the events on, which are an answer of the model of that public id. */
  record(events: AsyncIterable<EventBatch>, model: string): AsyncIterable<EventBatch>;
  /** For a turn whose events nobody will read. */
  close(): void;
}

/**
 * Opens the conversation of a request, where the model keeps conversations; other models are asked what the client
 * asked, whose id only comes back. Rejects as `Conversations.open` does.
 */
export async function openTurn(
  generation: GenerationRequest,
  { body, headers }: { body: ChatCompletionRequest; headers: Headers },
  { conversations, call }: { conversations: Conversations | undefined; call: CallContext },
): Promise<Turn> {
  const { direct, inMetadata } = givenIds(body, headers);
  if (direct !== undefined) assertConversationId(direct);
  const { prompt } = generation;
  const open =
    prompt.kind === "messages"
      ? await conversations?.open(
          {
            model: generation.model,
            messages: prompt.messages,
            choices: generation.choices,
            ...given("given", direct ?? inMetadata),
          },
          call,
        )
      : undefined;
  if (open === undefined) {
    return {
      request: generation,
      ...given("conversationId", direct?.id),
      headers: direct === undefined ? {} : { [conversationHeader]: direct.id },
      record: (events) => events,
      close() {},
    };
  }
  const { id, messages } = open;
  return {
    request: { ...generation, prompt: { kind: "messages", messages }, conversationId: id },
    conversationId: id,
    headers: { [conversationHeader]: id },
    record: (events, model) => open.record(events, model),
    close: () => open.close(),
  };
}
