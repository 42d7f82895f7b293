import { createHexId } from "../../core/ids.ts";
import { untilFirst } from "../../core/stream.ts";
import type { GenerationRequest } from "../../core/generation.ts";
import type { Call } from "../../http/call.ts";
import { sse } from "../../http/sse.ts";
import type { SurfaceDeps } from "../common/deps.ts";
import { effectHeaders } from "../common/effect-headers.ts";
import { toMessages } from "../common/items/to-messages.ts";
import { type Answering, foldResponse, type Keeper, now, toResponseFrames } from "./answer.ts";
import { decode, type DecodedRequest } from "./decode.ts";
import { type EncodeOptions, ResponseEncoder } from "./encoder.ts";
import { beginResponse } from "./response.ts";
import type { ResponseRequest } from "./schema.ts";

/** Answers a request, in one piece or as events. Rejects with a `ServeError` for what fails before the first event. */
export async function createResponse(
  body: ResponseRequest,
  call: Call,
  deps: SurfaceDeps,
): Promise<Response> {
  const decoded = decode(body);
  const request = toGeneration(decoded);
  const generating = await deps.generate([request], call, { usage: true });
  const headers = effectHeaders({
    ...generating,
    ignored: [...decoded.ignored, ...generating.ignored],
  });
  const begun = beginResponse(body, {
    id: createHexId("resp_", 48),
    createdAt: now(),
    model: generating.model,
    store: false,
    tools: decoded.tools.shown,
  });
  const isStream = body.stream === true;
  const encoder = new ResponseEncoder(begun, {
    ...encodeOptions(body, decoded),
    ...(!isStream && { after: Infinity }),
  });
  const answering: Answering = { batches: generating.events, encoder, keeper: nobody };
  if (!isStream) return Response.json(await foldResponse(answering), { headers });
  const head = await untilFirst(generating.events, deps.headStartMs);
  return sse(toResponseFrames({ ...answering, batches: head.items }), call, { ...deps.stream, headers });
}

const nobody: Keeper = { keep: async (response) => response };

function toGeneration({ generation, instructions, input }: DecodedRequest): GenerationRequest {
  return {
    ...generation,
    prompt: { kind: "messages", messages: [...instructions, ...toMessages(input)] },
  };
}

function encodeOptions(body: ResponseRequest, { generation, tools }: DecodedRequest): EncodeOptions {
  return {
    logprobs: generation.logprobs !== undefined,
    encrypted: body.include?.includes("reasoning.encrypted_content") === true,
    names: tools.names,
  };
}
