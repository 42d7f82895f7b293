import type { Generating } from "../../core/generate.ts";
import type { CallContext, EventBatch, GenerationRequest } from "../../core/generation.ts";
import { within } from "../../core/within.ts";
import {
  assertConversationId,
  conversationHeader,
  givenIds,
} from "../common/conversation/conversation-id.ts";
import type { Conversations } from "../common/conversation/conversations.ts";
import type { OpenConversation } from "../common/conversation/open-conversation.ts";
import type { Keeper } from "../common/record-answer.ts";
import { given } from "../common/sampling.ts";
import type { ChatCompletionRequest } from "./schema.ts";

/** A request, with the conversation around it where there is one. */
export interface Turn {
  /** Comes back with the answer. */
  conversationId?: string;
  headers: Readonly<Record<string, string>>;
  /** Keep the answer in its conversation. */
  keepers: readonly Keeper[];
  /**
   * Has the request generated once it is its turn. For a stream that has to wait for that longer than `headStartMs`,
   * resolves before: then waiting is part of the events, fails with them, and what has no effect is not known.
   */
  ask(generate: AskModel, headStartMs: number): Promise<Asked>;
  /** For a turn whose events nobody will read. */
  close: () => void;
}

export type AskModel = (request: GenerationRequest) => Promise<Generating>;

export interface Asked extends Omit<Generating, "promptTokens"> {
  /** What is left of the head start. */
  headStartMs: number;
}

/**
 * Finds the conversation of a request, where the model keeps conversations; other models are asked what the client
 * asked, whose id only comes back. Rejects as `Conversations.open` does.
 */
export async function openTurn(
  generation: GenerationRequest,
  { body, headers }: { body: ChatCompletionRequest; headers: Headers },
  { conversations, call }: { conversations: Conversations; call: CallContext },
): Promise<Turn> {
  const { direct, inMetadata } = givenIds(body, headers);
  if (direct !== undefined) assertConversationId(direct);
  const { prompt, model } = generation;
  const open =
    prompt.kind === "messages"
      ? await conversations.open(
          { model, messages: prompt.messages, ...given("given", direct ?? inMetadata) },
          call,
        )
      : undefined;
  if (open === undefined) {
    return {
      ...given("conversationId", direct?.id),
      headers: direct === undefined ? {} : { [conversationHeader]: direct.id },
      keepers: [],
      ask: async (generate, headStartMs) => ({ ...(await generate(generation)), headStartMs }),
      close() {},
    };
  }
  return {
    conversationId: open.id,
    headers: { [conversationHeader]: open.id },
    keepers: [open.keeper],
    ask: (generate, headStartMs) => askInTurn(open, generation, { generate, headStartMs }),
    close: open.close,
  };
}

async function askInTurn(
  open: OpenConversation,
  generation: GenerationRequest,
  { generate, headStartMs }: { generate: AskModel; headStartMs: number },
): Promise<Asked> {
  const startedAt = performance.now();
  const asking = requestOf(open, generation);
  const request = generation.stream
    ? await within<GenerationRequest | undefined>(
        headStartMs,
        () => asking,
        () => undefined,
      )
    : await asking;
  if (request !== undefined) {
    const generating = await generate(request);
    const left = Math.max(0, headStartMs - (performance.now() - startedAt));
    return { ...generating, headStartMs: left };
  }
  return {
    model: generation.model === "" ? open.agent : generation.model,
    ignored: [],
    assumed: [],
    requests: [generation],
    events: waitAndAsk(open, asking, generate),
    headStartMs: 0,
  };
}

async function requestOf(open: OpenConversation, generation: GenerationRequest): Promise<GenerationRequest> {
  const messages = await open.messages();
  return { ...generation, prompt: { kind: "messages", messages }, conversationId: open.id };
}

async function* waitAndAsk(
  open: OpenConversation,
  asking: Promise<GenerationRequest>,
  generate: AskModel,
): AsyncGenerator<EventBatch> {
  try {
    const { events } = await generate(await asking);
    yield* events;
  } finally {
    open.close();
  }
}
