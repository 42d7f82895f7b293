import { collect } from "../../core/collect.ts";
import type { GenerationRequest } from "../../core/generation.ts";
import { untilFirst } from "../../core/stream.ts";
import type { Call } from "../../http/call.ts";
import { sse } from "../../http/sse.ts";
import type { SurfaceDeps } from "../common/deps.ts";
import { effectHeaders } from "../common/effect-headers.ts";
import { createHeader } from "../common/header.ts";
import { recordAnswer } from "../common/record-answer.ts";
import { given } from "../common/sampling.ts";
import { decode, usesFunctions } from "./decode.ts";
import { encode } from "./encode.ts";
import { encodeStream } from "./encode-stream.ts";
import type { ChatCompletionRequest } from "./schema.ts";
import { keepCompletion } from "./stored/keep-completion.ts";
import { completionKey } from "./stored/layout.ts";
import { openTurn, type Turn } from "./turn.ts";

/** Answers a request, in one piece or as events. Rejects with a `ServeError` for what fails before the first event. */
export async function createCompletion(
  body: ChatCompletionRequest,
  { call, headers }: { call: Call; headers: Headers },
  deps: SurfaceDeps,
): Promise<Response> {
  const generation = decode(body);
  // A store that cannot be reached is found out before the model is asked.
  if (body.store === true) await deps.records.head(completionKey(call.owner, call.requestId));
  const turn = await openTurn(generation, { body, headers }, { conversations: deps.conversations, call });
  try {
    return await answer({ body, generation, turn }, call, deps);
  } catch (error) {
    turn.close();
    throw error;
  }
}

interface Opened {
  body: ChatCompletionRequest;
  generation: GenerationRequest;
  turn: Turn;
}

async function answer({ body, generation, turn }: Opened, call: Call, deps: SurfaceDeps): Promise<Response> {
  const isStream = body.stream === true;
  const includeUsage = isStream && body.stream_options?.include_usage === true;
  const isStored = body.store === true;
  const usage = !isStream || includeUsage || isStored;
  const { choices } = generation;
  const asked = await turn.ask((inTurn) => deps.generate([inTurn], call, { usage }), deps.headStartMs);

  const header = createHeader("chatcmpl-", asked.model);
  const options = {
    functions: usesFunctions(body),
    logprobs: body.logprobs === true,
    ...given("conversationId", turn.conversationId),
  };
  const completion = { owner: call.owner, header, options, body };
  const keepers = [...turn.keepers, ...(isStored ? [keepCompletion(completion, deps.records)] : [])];
  const events = recordAnswer(asked.events, { choices, usage, keepers, close: turn.close });

  const headers = { ...effectHeaders(asked), ...turn.headers };
  if (!isStream) return Response.json(encode(await collect(events), header, options), { headers });
  const head = await untilFirst(events, asked.headStartMs);
  const frames = encodeStream(head.items, header, {
    ...options,
    includeUsage,
    choices,
    headStart: !head.started,
  });
  return sse(frames, call, { ...deps.stream, headers });
}
