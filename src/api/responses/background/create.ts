import type { Generating } from "../../../core/generate.ts";
import type { Call, DetachedWork } from "../../../http/call.ts";
import { sse } from "../../../http/sse.ts";
import { accept, type Accepted, answerTo, type Asked, begin, encodeOptions, headersOf } from "../accept.ts";
import type { ResponseDeps } from "../deps.ts";
import { createResponseId } from "../ids.ts";
import { newRecord, responseKey } from "../layout.ts";
import { readResponse } from "../stored.ts";
import { leaseMs } from "./journal.ts";
import { replay } from "./replay.ts";
import { toRunHead } from "./run-record.ts";

/**
 * Begins to work on a response and answers at once: with the response, or with its events. Rejects with a `ServeError`
 * for what can be told before the model is asked, and as the store does.
 */
export async function createInBackground(asked: Asked, call: Call, deps: ResponseDeps): Promise<Response> {
  const release = deps.runs.reserve(call.owner);
  const work = call.detach();
  let accepted: Accepted | undefined;
  try {
    accepted = await accept(asked, work.context, deps);
    const generating = await deps.generate([accepted.request], work.context, { usage: true });
    return await start(accepted, generating, { work, release, call, deps });
  } catch (error) {
    accepted?.close();
    release();
    work.end();
    throw error;
  }
}

async function start(
  accepted: Accepted,
  generating: Generating,
  { work, release, call, deps }: { work: DetachedWork; release: () => void; call: Call; deps: ResponseDeps },
): Promise<Response> {
  const { body, input, turn } = accepted;
  const { records, runs } = deps;
  const response = begin(createResponseId(), accepted, generating.model);
  const key = responseKey(call.owner, response.id);
  const run = toRunHead(encodeOptions(accepted));
  await records.write([
    await newRecord(call.owner, { response, input, run: { head: run, dueInMs: leaseMs } }),
  ]);
  const head = { response, inputs: input.length, run };
  // What can fail comes before the run, which would go on.
  const record = body.stream === true ? await readResponse(key, records) : undefined;
  runs.start({ key, head, version: 1, input, batches: answerTo(accepted, generating), turn, work }, release);
  const headers = headersOf(accepted, generating);
  if (record === undefined) return Response.json(response, { headers });
  const frames = replay({ record, after: -1, signal: call.signal }, { records, runs });
  return sse(frames, call, { ...deps.stream, headers });
}
