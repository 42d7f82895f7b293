import type { Call } from "./call.ts";
import { streamed, type StreamedOptions } from "./streamed.ts";

export interface SseOptions extends StreamedOptions {
  /** Silence after which a sign of life is sent; 0 for never. */
  keepAliveMs: number;
  /** The sign of life, where a protocol has one of its own: a whole frame. A comment unless given. */
  keepAliveFrame?: string;
}

/**
 * Sends text frames as they come and, from the first on, a sign of life after every `keepAliveMs` of silence (0: never).
 * Knows no protocol: a failure is the encoder's to word.
 */
export function sse(frames: AsyncIterable<string>, call: Call, options: SseOptions): Response {
  return streamed(withSignsOfLife(frames, options), call, {
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

/** The items of `source`, and a sign of life whenever none came for `keepAliveMs`. */
async function* withSignsOfLife(
  source: AsyncIterable<string>,
  { keepAliveMs, keepAliveFrame = ": keep-alive\n\n" }: Pick<SseOptions, "keepAliveMs" | "keepAliveFrame">,
): AsyncGenerator<string> {
  if (keepAliveMs === 0) {
    yield* source;
    return;
  }
  const iterator = source[Symbol.asyncIterator]();
  let wake: (() => void) | undefined;
  let hasBegun = false;
  const timer = setInterval(() => wake?.(), keepAliveMs);
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
        if (result === silence && hasBegun) yield keepAliveFrame;
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
