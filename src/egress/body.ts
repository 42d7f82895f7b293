import type { IncomingMessage } from "node:http";
import { HttpFailure } from "./http-failure.ts";

/** The body of an answer. It has to be read to its end, or given up by `discard`. */
export interface HttpBody {
  /**
   * Bytes as they come, everything that is there in one piece; nothing is read ahead of a reader that is slow. Throws
   * `HttpFailure` where the body is cut off, or the reason of the call's signal. One that leaves closes the connection.
   */
  chunks: AsyncIterable<Uint8Array>;
  /** False where only the closed connection marks the end, so that it may be missing unnoticed. */
  hasFraming: boolean;
  /** Nobody reads on: what little there still is goes unread, so that the connection can be used again. */
  discard(): void;
}

export interface BodyCall {
  destroy: () => void;
  signal: AbortSignal;
}

/** A body that goes on longer than this after its answer was complete costs its connection. */
const discardMs = 1_000;

export function readBody(response: IncomingMessage, { destroy, signal }: BodyCall): HttpBody {
  let state: "open" | "ended" | "failed" = "open";
  let failure: unknown;
  let isDiscarded = false;
  let wake: (() => void) | undefined;
  const finish = (next: "ended" | "failed", reason?: unknown) => {
    if (state !== "open") return;
    state = next;
    failure = reason;
    signal.removeEventListener("abort", onAbort);
    wake?.();
  };
  const fail = (reason: unknown) => {
    finish("failed", reason);
    destroy();
  };
  const onAbort = () => fail(signal.reason);
  signal.addEventListener("abort", onAbort, { once: true });
  response.on("readable", () => {
    if (isDiscarded) while (response.read() !== null);
    else wake?.();
  });
  response.on("end", () => finish("ended"));
  response.on("error", (cause: Error) => fail(new HttpFailure("cut", cause.message, { cause })));
  response.on("close", () => fail(new HttpFailure("cut", "The connection was closed within an answer.")));

  async function* chunks(): AsyncGenerator<Uint8Array> {
    try {
      for (;;) {
        if (state === "failed") throw failure;
        const chunk: Uint8Array | null = response.read();
        if (chunk !== null) {
          yield chunk;
        } else if (state === "ended") {
          return;
        } else {
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
        }
      }
    } finally {
      if (state === "open" && !isDiscarded) fail(new HttpFailure("cut", "Nobody reads on."));
    }
  }

  return {
    chunks: chunks(),
    hasFraming: hasFraming(response),
    discard() {
      if (state !== "open" || isDiscarded) return;
      isDiscarded = true;
      // An abort comes too late to save anything.
      signal.removeEventListener("abort", onAbort);
      while (response.read() !== null);
      setTimeout(() => fail(new HttpFailure("cut", "Nobody reads on.")), discardMs).unref();
    },
  };
}

function hasFraming({ headers }: IncomingMessage): boolean {
  return headers["content-length"] !== undefined || /chunked/i.test(headers["transfer-encoding"] ?? "");
}
