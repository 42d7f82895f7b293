import { ServeError } from "../core/error.ts";
import type { Call } from "./call.ts";

const silence = Symbol("silence");

/**
 * Sends text frames as they come and, from the first on, a comment after every `keepAliveMs` of silence (0: never).
 * Knows no protocol: a failure is the encoder's to word. A slow reader slows the source, since every write is awaited.
 */
export function sse(
  frames: AsyncIterable<string>,
  call: Call,
  options: { keepAliveMs: number; headers: Readonly<Record<string, string>> },
): Response {
  const release = call.retain();
  let isPulled = false;
  const send = async (sink?: ReadableStreamDirectController) => {
    isPulled = true;
    try {
      for await (const frame of withSilence(frames, options.keepAliveMs)) {
        if (sink === undefined || call.clientGone) break;
        await sink.write(frame === silence ? ": keep-alive\n\n" : frame);
        await sink.flush();
      }
    } catch (error) {
      call.abort(ServeError.from(error));
      call.log.error("The event stream broke off.", { cause: String(error) });
    } finally {
      release();
    }
  };
  const stream = new ReadableStream({
    type: "direct",
    // The whole loop runs here: the sink closes when this returns, and a later write would throw uncaught.
    pull: send,
    // A client that left before the first byte is never sent to; a generator that never ran would release nothing.
    cancel: () => (isPulled ? undefined : send()),
  });
  return new Response(stream, {
    headers: {
      "content-type": "text/event-stream; charset=utf-8",
      "cache-control": "no-cache",
      connection: "keep-alive",
      "x-accel-buffering": "no",
      ...options.headers,
    },
  });
}

/** The items of `source`, and `silence` whenever none came for `milliseconds`. */
async function* withSilence(
  source: AsyncIterable<string>,
  milliseconds: number,
): AsyncGenerator<string | typeof silence> {
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
        if (result === silence && hasBegun) yield silence;
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
