import type { Call } from "./call.ts";
import { streamed, type StreamedOptions } from "./streamed.ts";

export interface SseOptions extends StreamedOptions {
  /** Silence after which a comment is sent; 0 for never. */
  keepAliveMs: number;
}

/**
 * Sends text frames as they come and, from the first on, a comment after every `keepAliveMs` of silence (0: never).
 * Knows no protocol: a failure is the encoder's to word.
 */
export function sse(frames: AsyncIterable<string>, call: Call, options: SseOptions): Response {
  return streamed(withComments(frames, options.keepAliveMs), call, {
    stallMs: options.stallMs,
    headers: {
      "content-type": "text/event-stream; charset=utf-8",
      "cache-control": "no-cache",
      connection: "keep-alive",
      "x-accel-buffering": "no",
      ...options.headers,
    },
  });
}

const silence = Symbol("silence");

/** The items of `source`, and a comment whenever none came for `milliseconds`. */
async function* withComments(source: AsyncIterable<string>, milliseconds: number): AsyncGenerator<string> {
  if (milliseconds === 0) {
    yield* source;
    return;
  }
  const iterator = source[Symbol.asyncIterator]();
  let wake: (() => void) | undefined;
  let hasBegun = false;
  const timer = setInterval(() => wake?.(), milliseconds);
  try {
    for (;;) {
      const pending = iterator.next();
      let result: IteratorResult<string> | typeof silence;
      do {
        result = await new Promise<IteratorResult<string> | typeof silence>((resolve, reject) => {
          wake = () => resolve(silence);
          pending.then(resolve, reject);
        });
        // Some clients take the first frame for data, whatever it is.
        if (result === silence && hasBegun) yield ": keep-alive\n\n";
      } while (result === silence);
      if (result.done === true) return;
      hasBegun = true;
      yield result.value;
      timer.refresh();
    }
  } finally {
    clearInterval(timer);
    void iterator.return?.().then(undefined, () => {});
  }
}
