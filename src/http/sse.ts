import { ServeError } from "../core/error.ts";
import { within } from "../core/within.ts";
import { describeCause } from "../telemetry/cause.ts";
import type { Call } from "./call.ts";

export interface SseOptions {
  /** Silence after which a comment is sent; 0 for never. */
  keepAliveMs: number;
  /** Longest wait for a client that does not read. */
  stallMs: number;
  headers: Readonly<Record<string, string>>;
}

const silence = Symbol("silence");

/**
 * Sends text frames as they come and, from the first on, a comment after every `keepAliveMs` of silence (0: never).
 * Knows no protocol: a failure is the encoder's to word. A slow reader slows the source, since every write is awaited.
 */
export function sse(frames: AsyncIterable<string>, call: Call, options: SseOptions): Response {
  const release = call.retain();
  let isPulled = false;
  const send = async (sink?: ReadableStreamDirectController) => {
    isPulled = true;
    try {
      for await (const frame of withSilence(frames, options.keepAliveMs)) {
        if (sink === undefined || call.clientGone) break;
        await taken(sink.write(frame === silence ? ": keep-alive\n\n" : frame), options.stallMs);
        await taken(sink.flush(), options.stallMs);
      }
    } catch (error) {
      const reason = ServeError.from(error);
      call.abort(reason);
      if (reason.kind === "canceled") call.log.info(`✗ ${reason.message}`, { id: call.requestId });
      else call.log.error("The event stream broke off.", { id: call.requestId, cause: describeCause(error) });
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

/** A write is a promise only while the client has more to read than the system holds for it. */
async function taken(written: number | Promise<number>, stallMs: number): Promise<void> {
  if (typeof written === "number") return;
  await within(
    stallMs,
    () => written,
    () => {
      throw new ServeError("canceled", "The client stopped reading.");
    },
  );
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
