import { ServeError } from "../core/error.ts";
import type { Protocol } from "./protocols/protocol.ts";

/** The `error` object of OpenAI's envelope; always all four keys. */
export interface ErrorBody {
  message: string;
  type: string;
  param: string | null;
  code: string | null;
}

export function toErrorBody(error: ServeError): ErrorBody {
  const type = error.code === "insufficient_quota" ? "insufficient_quota" : error.type;
  return { message: error.message, type, param: error.param ?? null, code: error.code ?? null };
}

/** One SDK really sleeps as long as it is told. */
const maxRetryAfterSeconds = 60;

/** The whole answer to a request that failed before its first byte was sent, in the words of its protocol. */
export function errorResponse(
  error: ServeError,
  { protocol, requestId }: { protocol: Protocol; requestId: string },
): Response {
  const headers = new Headers();
  if (error.retryAfterSeconds !== undefined) {
    const seconds = Math.min(error.retryAfterSeconds, maxRetryAfterSeconds);
    headers.set("retry-after", String(Math.ceil(seconds)));
    headers.set("retry-after-ms", String(Math.round(seconds * 1000)));
  }
  if (error.shouldRetry !== undefined) headers.set("x-should-retry", String(error.shouldRetry));
  if (error.status === 401) headers.set("www-authenticate", "Bearer");
  const { status, body } = protocol.failure(error, requestId);
  return Response.json(body, { status, headers });
}

/** What a framework hook or a handler threw, unwrapped: Elysia hides the errors of a parser in a `ParseError`. */
export function toServeError(thrown: unknown): ServeError {
  if (thrown instanceof ServeError) return thrown;
  if (thrown instanceof Error && thrown.cause instanceof ServeError) return thrown.cause;
  return ServeError.from(thrown);
}
