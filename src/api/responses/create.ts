import { untilFirst } from "../../core/stream.ts";
import type { Generating } from "../../core/generate.ts";
import type { GenerationRequest } from "../../core/generation.ts";
import type { Call } from "../../http/call.ts";
import { sse } from "../../http/sse.ts";
import { effectHeaders } from "../common/effect-headers.ts";
import type { Item } from "../common/items/kinds.ts";
import { given } from "../common/sampling.ts";
import { type Answering, foldResponse, now, toResponseFrames } from "./answer.ts";
import type { DecodedRequest } from "./decode.ts";
import type { ResponseDeps } from "./deps.ts";
import { type EncodeOptions, ResponseEncoder } from "./encoder.ts";
import { type History, readHistory, readInput } from "./history.ts";
import { createResponseId } from "./ids.ts";
import { createKeeper, type Keeper } from "./keeper.ts";
import { responseKey } from "./layout.ts";
import { toGeneration } from "./prompt.ts";
import { beginResponse, type ResponseObject } from "./response.ts";
import type { ResponseRequest } from "./schema.ts";

/** A request that was accepted: what is to be answered, and how. */
export interface Accepted {
  body: ResponseRequest;
  decoded: DecodedRequest;
  history: History;
  /** As it is kept. */
  input: readonly Item[];
  request: GenerationRequest;
}

/** Answers a request, in one piece or as events. Rejects with a `ServeError` for what fails before the first event. */
export async function createNow(
  { body, decoded }: Pick<Accepted, "body" | "decoded">,
  call: Call,
  deps: ResponseDeps,
): Promise<Response> {
  const id = createResponseId();
  if (body.store === true) await deps.records.head(responseKey(call.owner, id));
  const history = await readHistory(body, call, deps);
  try {
    const accepted = await accept({ body, decoded, history }, call, deps);
    const generating = await deps.generate([accepted.request], call, { usage: true });
    return await answer(id, accepted, { generating, call, deps });
  } catch (error) {
    history.turn?.close();
    throw error;
  }
}

/** Rejects with a `ServeError` for an input that makes no request. */
export async function accept(
  { body, decoded, history }: Pick<Accepted, "body" | "decoded" | "history">,
  { owner }: Pick<Call, "owner">,
  { records }: Pick<ResponseDeps, "records">,
): Promise<Accepted> {
  const input = await readInput(decoded.input, history.items, { owner, records });
  const request = {
    ...toGeneration(decoded, history.items, input),
    ...given("conversationId", history.turn?.id),
  };
  return { body, decoded, history, input, request };
}

async function answer(
  id: string,
  accepted: Accepted,
  { generating, call, deps }: { generating: Generating; call: Call; deps: ResponseDeps },
): Promise<Response> {
  const { body, input, history } = accepted;
  const isStream = body.stream === true;
  const headers = headersOf(accepted, generating);
  const keeper = createKeeper({
    records: deps.records,
    owner: call.owner,
    input,
    store: body.store == null ? "usual" : body.store ? "asked" : "not",
    turn: history.turn,
  });
  const encoder = new ResponseEncoder(begin(id, accepted, generating), {
    ...encodeOptions(accepted),
    ...(!isStream && { after: Infinity }),
  });
  const answering: Answering & { keeper: Keeper } = { batches: generating.events, encoder, keeper };
  if (!isStream) return Response.json(await foldResponse(answering), { headers });
  const head = await untilFirst(generating.events, deps.headStartMs);
  return sse(toResponseFrames({ ...answering, batches: head.items }), call, { ...deps.stream, headers });
}

/** The response before anything has come of it. */
export function begin(
  id: string,
  { body, decoded, history }: Accepted,
  { model }: Pick<Generating, "model">,
): ResponseObject {
  return beginResponse(body, {
    id,
    createdAt: now(),
    model,
    store: body.store ?? true,
    tools: decoded.tools.shown,
    ...given("conversationId", history.turn?.id),
  });
}

/** What the client gave without effect. */
export function headersOf({ decoded }: Accepted, generating: Generating): Record<string, string> {
  return effectHeaders({ ...generating, ignored: [...decoded.ignored, ...generating.ignored] });
}

export function encodeOptions({ body, decoded }: Accepted): EncodeOptions {
  return {
    logprobs: decoded.generation.logprobs !== undefined,
    encrypted: body.include?.includes("reasoning.encrypted_content") === true,
    names: decoded.tools.names,
  };
}
