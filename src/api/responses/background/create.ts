import type { Generating } from "../../../core/generate.ts";
import type { Call } from "../../../http/call.ts";
import { sse } from "../../../http/sse.ts";
import { accept, type Accepted, begin, encodeOptions, headersOf } from "../create.ts";
import type { DecodedRequest } from "../decode.ts";
import type { ResponseDeps } from "../deps.ts";
import { readHistory } from "../history.ts";
import { createResponseId } from "../ids.ts";
import { newRecord, responseKey } from "../layout.ts";
import type { ResponseRequest } from "../schema.ts";
import { readResponse } from "../stored.ts";
import { leaseMs } from "./journal.ts";
import { replay } from "./replay.ts";
import { toRunHead } from "./run-record.ts";

/**
 * Begins to work on a response and answers at once: with the response, or with its events. Rejects with a `ServeError`
 * for what can be told before the model is asked, and as the store does.
 */
export async function createInBackground(
  { body, decoded }: { body: ResponseRequest; decoded: DecodedRequest },
  call: Call,
  deps: ResponseDeps,
): Promise<Response> {
  deps.runs.assertRoom(call.owner);
  const work = call.detach();
  const { context } = work;
  try {
    const history = await readHistory(body, context, deps);
    try {
      const accepted = await accept({ body, decoded, history }, context, deps);
      const generating = await deps.generate([accepted.request], context, { usage: true });
      return await start(accepted, generating, { work, call, deps });
    } catch (error) {
      history.turn?.close();
      throw error;
    }
  } catch (error) {
    work.end();
    throw error;
  }
}

async function start(
  accepted: Accepted,
  generating: Generating,
  { work, call, deps }: { work: ReturnType<Call["detach"]>; call: Call; deps: ResponseDeps },
): Promise<Response> {
  const { body, input, history } = accepted;
  const { records, runs } = deps;
  const response = begin(createResponseId(), accepted, generating);
  const key = responseKey(call.owner, response.id);
  const head = { response, inputs: input.length, run: toRunHead(encodeOptions(accepted)) };
  await records.write([
    await newRecord(call.owner, { response, input, run: { head: head.run, dueInMs: leaseMs } }),
  ]);
  runs.start({ key, head, version: 1, input, batches: generating.events, turn: history.turn, work });
  const headers = headersOf(accepted, generating);
  if (body.stream !== true) return Response.json(response, { headers });
  const frames = replay(
    { record: await readResponse(key, records), after: -1, signal: call.signal },
    { records, runs },
  );
  return sse(frames, call, { ...deps.stream, headers });
}
