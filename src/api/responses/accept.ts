import { ServeError } from "../../core/error.ts";
import type { Generating } from "../../core/generate.ts";
import type { CallContext, EventBatch, GenerationRequest } from "../../core/generation.ts";
import {
  assertConversationId,
  conversationHeader,
  type GivenId,
  givenIds,
} from "../common/conversation/conversation-id.ts";
import type { ItemTurn } from "../common/conversation/item-turn.ts";
import type { OpenConversation } from "../common/conversation/open-conversation.ts";
import { effectHeaders } from "../common/effect-headers.ts";
import type { Item } from "../common/items/kinds.ts";
import { recordAnswer } from "../common/record-answer.ts";
import { given } from "../common/sampling.ts";
import { now } from "./answer.ts";
import type { DecodedRequest } from "./decode.ts";
import type { ResponseDeps } from "./deps.ts";
import type { EncodeOptions } from "./encoder.ts";
import { type History, readHistory, readInput } from "./history.ts";
import { toGeneration } from "./prompt.ts";
import { beginResponse, type ResponseObject } from "./response.ts";
import type { ResponseRequest } from "./schema.ts";

/** A request as it came. */
export interface Asked {
  body: ResponseRequest;
  headers: Headers;
  decoded: DecodedRequest;
}

/** A request that was accepted: what is to be answered, and how. */
export interface Accepted extends Asked {
  /** As it is kept. */
  input: readonly Item[];
  request: GenerationRequest;
  /** In the conversation that the client named, whose turn it is until `close`. */
  turn?: ItemTurn;
  /** In the conversation of an agent, named as in chat, likewise. */
  open?: OpenConversation;
  close(): void;
}

/**
 * Reads what the request names, and waits for its turn in a conversation. Rejects with a `ServeError` for an input that
 * makes no request, as `readHistory` does, and as the store does.
 */
export async function accept(asked: Asked, context: CallContext, deps: ResponseDeps): Promise<Accepted> {
  assertOneConversation(asked);
  const history = await readHistory(asked.body, context, deps);
  try {
    return await acceptAfter(history, asked, { context, deps });
  } catch (error) {
    history.turn?.close();
    throw error;
  }
}

async function acceptAfter(
  { items, turn }: History,
  asked: Asked,
  { context, deps }: { context: CallContext; deps: ResponseDeps },
): Promise<Accepted> {
  const { decoded } = asked;
  const { conversations } = deps;
  const input = await readInput(decoded.input, items, { ...deps, owner: context.owner });
  const request = toGeneration(decoded, items, input);
  const { messages } = request.prompt;
  if (turn !== undefined) {
    const fitting = await conversations.fit(messages, request.model);
    return {
      ...asked,
      input,
      request: inConversation(request, turn, fitting),
      turn,
      close: () => turn.close(),
    };
  }
  const id = namedAsInChat(asked);
  const open =
    id === undefined
      ? undefined
      : await conversations.open({ model: request.model, messages, given: id }, context);
  if (open === undefined) return { ...asked, input, request, close() {} };
  return {
    ...asked,
    input,
    request: inConversation(request, open, await open.messages()),
    open,
    close: open.close,
  };
}

/** Throws `invalid_request` for a conversation that is named as in chat beside another one. */
function assertOneConversation({ body, headers }: Asked): void {
  if (body.conversation == null) return;
  const id = typeof body.conversation === "string" ? body.conversation : body.conversation.id;
  const { direct } = givenIds({ conversation_id: body.conversation_id ?? null }, headers);
  if (direct === undefined || direct.id === id) return;
  throw new ServeError(
    "invalid_request",
    `'${direct.param}' names another conversation than 'conversation'.`,
    {
      code: "invalid_value",
      param: direct.param,
    },
  );
}

/** A request that names what comes before it needs no other name for it. */
function namedAsInChat({ body, headers }: Asked): GivenId | undefined {
  if (body.previous_response_id != null) return undefined;
  const { direct } = givenIds({ conversation_id: body.conversation_id ?? null }, headers);
  if (direct !== undefined) assertConversationId(direct);
  return direct;
}

function inConversation(
  request: GenerationRequest,
  { id }: { id: string },
  messages: Extract<GenerationRequest["prompt"], { kind: "messages" }>["messages"],
): GenerationRequest {
  return { ...request, prompt: { kind: "messages", messages }, conversationId: id };
}

/** The answer, which an agent keeps in its conversation where the request stands in one of its. */
export function answerTo(
  { open }: Accepted,
  { events }: Pick<Generating, "events">,
): AsyncIterable<EventBatch> {
  if (open === undefined) return events;
  return recordAnswer(events, { choices: 1, usage: true, keepers: [open.keeper], close: open.close });
}

/** The response before anything has come of it. */
export function begin(id: string, { body, decoded, request }: Accepted, model: string): ResponseObject {
  return beginResponse(body, {
    id,
    createdAt: now(),
    model,
    store: body.store ?? true,
    tools: decoded.tools.shown,
    ...given("conversationId", request.conversationId),
  });
}

/** What the client gave without effect, and the conversation if it was named as in chat. */
export function headersOf({ decoded, open }: Accepted, generating: Generating): Record<string, string> {
  return {
    ...effectHeaders({ ...generating, ignored: [...decoded.ignored, ...generating.ignored] }),
    ...(open !== undefined && { [conversationHeader]: open.id }),
  };
}

export function encodeOptions({ body, decoded }: Accepted): EncodeOptions {
  return {
    logprobs: decoded.generation.logprobs !== undefined,
    encrypted: body.include?.includes("reasoning.encrypted_content") === true,
    names: decoded.tools.names,
  };
}
