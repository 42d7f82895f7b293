import type { Generating } from "../../core/generate.ts";
import { untilFirst } from "../../core/stream.ts";
import type { Call } from "../../http/call.ts";
import { sse } from "../../http/sse.ts";
import { accept, type Accepted, answerTo, type Asked, begin, encodeOptions, headersOf } from "./accept.ts";
import { foldResponse, toResponseFrames } from "./answer.ts";
import type { ResponseDeps } from "./deps.ts";
import { ResponseEncoder } from "./encoder.ts";
import { createResponseId } from "./ids.ts";
import { createKeeper } from "./keeper.ts";
import { responseKey } from "./layout.ts";

/** Answers a request, in one piece or as events. Rejects with a `ServeError` for what fails before the first event. */
export async function createNow(asked: Asked, call: Call, deps: ResponseDeps): Promise<Response> {
  const id = createResponseId();
  // A store that cannot be reached is found out before the model is asked.
  if (asked.body.store === true) await deps.records.head(responseKey(call.owner, id));
  const accepted = await accept(asked, call, deps);
  try {
    const generating = await deps.generate([accepted.request], call, { usage: true });
    return await answer(id, accepted, { generating, call, deps });
  } catch (error) {
    accepted.close();
    throw error;
  }
}

async function answer(
  id: string,
  accepted: Accepted,
  { generating, call, deps }: { generating: Generating; call: Call; deps: ResponseDeps },
): Promise<Response> {
  const { body, input, turn } = accepted;
  const isStream = body.stream === true;
  const headers = headersOf(accepted, generating);
  const encoder = new ResponseEncoder(begin(id, accepted, generating.model), {
    ...encodeOptions(accepted),
    ...(!isStream && { after: Infinity }),
  });
  const keeper = createKeeper({
    records: deps.records,
    owner: call.owner,
    input,
    store: body.store == null ? "usual" : body.store ? "asked" : "not",
    turn,
  });
  const batches = answerTo(accepted, generating);
  if (!isStream) return Response.json(await foldResponse({ batches, encoder, keeper }), { headers });
  const head = await untilFirst(batches, deps.headStartMs);
  const frames = toResponseFrames({ batches: head.items, encoder, keeper });
  return sse(frames, call, { ...deps.stream, headers });
}
