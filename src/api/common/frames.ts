import { ServeError } from "../../core/error.ts";
import type { EventBatch } from "../../core/generation.ts";
import { toErrorBody } from "../../http/errors.ts";

/** Turns events into frames of a stream, one string for each batch; empty when there is nothing to say. */
export interface FrameEncoder {
  encode(batch: EventBatch): string;
}

/**
 * A stream of OpenAI's data-only events: `opening` if there is one, what `encoder` makes of each batch, `[DONE]` last. A
 * failure becomes an error frame before it: the stream has begun, so there is no status left to say it with.
 */
export async function* toFrames(
  batches: AsyncIterable<EventBatch>,
  encoder: FrameEncoder,
  opening: string,
): AsyncGenerator<string> {
  try {
    if (opening !== "") yield opening;
    for await (const batch of batches) {
      const frames = encoder.encode(batch);
      if (frames !== "") yield frames;
    }
  } catch (error) {
    yield `data: ${JSON.stringify({ error: toErrorBody(ServeError.from(error)) })}\n\n`;
  }
  yield "data: [DONE]\n\n";
}
