import { ServeError } from "../../core/error.ts";
import type { ErrorDetails } from "../../core/error.ts";
import { MalformedTensor } from "./codec/tensor.ts";
import { MalformedMessage } from "./codec/wire-reader.ts";
import { accessRefused, modelNotFound, readFailureText, requestRejected } from "./failure-texts.ts";
import type { Failure } from "./failure-texts.ts";
import { GrpcError, grpcStatus } from "./transport/transport.ts";

/**
 * What a client is told about a failed call. The server's own words may carry addresses and paths, so they go
 * only into `cause`. Once `signal` aborted, its reason is the answer, whatever else went wrong.
 */
export function toServeError(thrown: unknown, signal: AbortSignal): ServeError {
  if (signal.aborted) return toCanceled(signal);
  if (thrown instanceof GrpcError) return fromGrpc(thrown);
  if (thrown instanceof MalformedTensor)
    return upstream(`The model server's answer is malformed. ${thrown.message}`, thrown);
  if (thrown instanceof MalformedMessage) return upstream("The model server's answer is malformed.", thrown);
  return ServeError.from(thrown);
}

/** An error inside a stream of the protocol's own, which has a text and no status. */
export function toStreamFailure(text: string): ServeError {
  return toFailure(readFailureText(text) ?? unfinished, { cause: new GrpcError(grpcStatus.unknown, text) });
}

export function toFailure({ kind, message, details }: Failure, more: ErrorDetails = {}): ServeError {
  return new ServeError(kind, message, { ...details, ...more });
}

function toCanceled(signal: AbortSignal): ServeError {
  if (signal.reason instanceof ServeError) return signal.reason;
  return new ServeError("canceled", "The request was canceled.", { cause: signal.reason });
}

const failed: Failure = {
  kind: "upstream",
  message: "The model server failed.",
  details: { code: "upstream_error" },
};
const unfinished: Failure = { ...failed, message: "The model server failed to finish the answer." };
const oversized: Failure = {
  kind: "upstream",
  message: "The model server's answer is larger than allowed.",
  details: { code: "upstream_error", shouldRetry: false },
};
const tooLarge: Failure = {
  kind: "too_large",
  message: "The request is larger than the model server takes.",
  details: { code: "request_too_large" },
};

const rows: Readonly<Record<number, Failure>> = {
  [grpcStatus.cancelled]: { ...failed, message: "The model server canceled the request." },
  [grpcStatus.invalidArgument]: requestRejected,
  [grpcStatus.failedPrecondition]: requestRejected,
  [grpcStatus.outOfRange]: requestRejected,
  [grpcStatus.deadlineExceeded]: {
    kind: "timeout",
    message: "The model server did not answer in time.",
    details: { code: "timeout" },
  },
  [grpcStatus.notFound]: modelNotFound,
  [grpcStatus.permissionDenied]: accessRefused,
  [grpcStatus.unauthenticated]: accessRefused,
  [grpcStatus.resourceExhausted]: {
    kind: "rate_limited",
    message: "The model server is out of capacity.",
    details: { code: "rate_limit_exceeded", retryAfterSeconds: 1 },
  },
  [grpcStatus.unimplemented]: {
    kind: "upstream",
    message: "The model server does not support this kind of call.",
    details: { code: "upstream_error", shouldRetry: false },
  },
  [grpcStatus.unavailable]: {
    kind: "unavailable",
    message: "The model server is not reachable.",
    details: { code: "upstream_unavailable", retryAfterSeconds: 1 },
  },
};

function fromGrpc(error: GrpcError): ServeError {
  return toFailure(failureOf(error), { ...retryAfter(error), cause: error });
}

function failureOf(error: GrpcError): Failure {
  if (error.code === grpcStatus.resourceExhausted) {
    if (error.overReceiveLimit) return oversized;
    if (/larger than max/i.test(error.details)) return tooLarge;
  }
  const byStatus = rows[error.code] ?? failed;
  return unambiguous.has(error.code) ? byStatus : (readFailureText(error.details) ?? byStatus);
}

/** Statuses that mean what they say, whatever the text. */
const unambiguous: ReadonlySet<number> = new Set([
  grpcStatus.cancelled,
  grpcStatus.deadlineExceeded,
  grpcStatus.permissionDenied,
  grpcStatus.unauthenticated,
]);

const longestRetryAfterSeconds = 60;

function retryAfter(error: GrpcError): { retryAfterSeconds?: number } {
  if (error.retryPushbackMs === undefined) return {};
  return { retryAfterSeconds: Math.min(error.retryPushbackMs / 1_000, longestRetryAfterSeconds) };
}

function upstream(message: string, cause: unknown): ServeError {
  return new ServeError("upstream", message, { code: "upstream_error", cause });
}
