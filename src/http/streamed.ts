import { ServeError } from "../core/error.ts";
import { within } from "../core/within.ts";
import { describeCause } from "../telemetry/cause.ts";
import type { Call } from "./call.ts";

export interface StreamedOptions {
  /** Longest wait for a client that does not read. */
  stallMs: number;
  headers: Readonly<Record<string, string>>;
}

/**
 * An answer whose text, or whose bytes, are sent part by part as they come. A slow reader slows the source, since every write is awaited.
 * Once it has begun there is no status left: a source that fails breaks the answer off.
 */
export function streamed(
  parts: AsyncIterable<string | Uint8Array>,
  call: Call,
  options: StreamedOptions,
): Response {
  const release = call.retain();
  let isPulled = false;
  const send = async (sink?: ReadableStreamDirectController) => {
    isPulled = true;
    try {
      for await (const part of parts) {
        if (sink === undefined || call.clientGone) break;
        await taken(sink.write(part), options.stallMs);
        await taken(sink.flush(), options.stallMs);
      }
    } catch (error) {
      const reason = ServeError.from(error);
      call.abort(reason);
      if (reason.kind === "canceled") call.log.info(`✗ ${reason.message}`, { id: call.requestId });
      else call.log.error("The answer broke off.", { id: call.requestId, cause: describeCause(error) });
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
  return new Response(stream, { headers: options.headers });
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
