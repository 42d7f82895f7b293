import { ServeError } from "../../core/error.ts";
import type { EventBatch } from "../../core/generation.ts";
import { toErrorBody } from "../../http/errors.ts";
import type { Ending, ResponseEncoder } from "./encoder.ts";
import type { Keeper } from "./keeper.ts";
import type { ResponseObject } from "./response.ts";

export interface Answering {
  batches: AsyncIterable<EventBatch>;
  encoder: ResponseEncoder;
  keeper: Keeper;
}

/** The whole answer as one response. Rejects as the events do, and as its keeper does. */
export async function foldResponse({ batches, encoder, keeper }: Answering): Promise<ResponseObject> {
  for await (const batch of batches) encoder.encode(batch);
  const finished: Ending = { kind: "finished" };
  return await keeper.keep(encoder.response(finished, now()), finished);
}

/**
 * The answer as events, `[DONE]` last. A failure becomes an error event and a failed response: the stream has begun, so
 * there is no status left to say it with. An answer whose reader has left is kept as a cancelled one.
 */
export async function* toResponseFrames(answering: Answering): AsyncGenerator<string> {
  const { batches, encoder } = answering;
  let ending: Ending = { kind: "cancelled" };
  let isKept = false;
  try {
    yield encoder.opening();
    try {
      for await (const batch of batches) {
        const frames = encoder.encode(batch);
        if (frames !== "") yield frames;
      }
      ending = { kind: "finished" };
    } catch (error) {
      ending = endingOf(error);
    }
    isKept = true;
    const kept = await keepAndTell(answering, ending);
    yield encoder.ending(kept.response, kept.ending);
    yield "data: [DONE]\n\n";
  } finally {
    if (!isKept) await keepAndTell(answering, ending);
  }
}

/** What a failure is to the response: whoever goes cancels it. */
export function endingOf(thrown: unknown): Ending {
  const error = ServeError.from(thrown);
  return error.kind === "canceled" ? { kind: "cancelled" } : { kind: "failed", error: toErrorBody(error) };
}

/** One that should have been kept and was not has failed: nobody is to go on from it. */
async function keepAndTell(
  { encoder, keeper }: Answering,
  ending: Ending,
): Promise<{ response: ResponseObject; ending: Ending }> {
  const response = encoder.response(ending, now());
  try {
    return { response: await keeper.keep(response, ending), ending };
  } catch (thrown) {
    const failed = endingOf(thrown);
    return { response: { ...encoder.response(failed, now()), store: false }, ending: failed };
  }
}

/** Unix seconds. */
export function now(): number {
  return Math.floor(Date.now() / 1_000);
}
