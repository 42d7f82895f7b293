import { ServeError } from "../../core/error.ts";
import type { ErrorDetails, ErrorKind } from "../../core/error.ts";
import { MalformedTensor } from "./codec/tensor.ts";
import { MalformedMessage } from "./codec/wire-reader.ts";
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
  return upstream("The model server failed to finish the answer.", new GrpcError(grpcStatus.unknown, text));
}

function toCanceled(signal: AbortSignal): ServeError {
  if (signal.reason instanceof ServeError) return signal.reason;
  return new ServeError("canceled", "The request was canceled.", { cause: signal.reason });
}

interface Row {
  kind: ErrorKind;
  message: string;
  details: ErrorDetails;
}

const failed: Row = {
  kind: "upstream",
  message: "The model server failed.",
  details: { code: "upstream_error" },
};
const rejected: Row = {
  kind: "invalid_request",
  message: "The model server rejected the request.",
  details: { code: "upstream_invalid_argument" },
};
// Not the client's fault and not for the client to mend, hence neither 401 nor 403.
const refused: Row = {
  kind: "upstream",
  message: "The model server refused this gateway's access.",
  details: { code: "upstream_error", shouldRetry: false },
};
const oversized: Row = {
  kind: "upstream",
  message: "The model server's answer is larger than allowed.",
  details: { code: "upstream_error", shouldRetry: false },
};
const tooLarge: Row = {
  kind: "too_large",
  message: "The request is larger than the model server takes.",
  details: { code: "request_too_large" },
};

const rows: Readonly<Record<number, Row>> = {
  [grpcStatus.cancelled]: { ...failed, message: "The model server canceled the request." },
  [grpcStatus.invalidArgument]: rejected,
  [grpcStatus.failedPrecondition]: rejected,
  [grpcStatus.outOfRange]: rejected,
  [grpcStatus.deadlineExceeded]: {
    kind: "timeout",
    message: "The model server did not answer in time.",
    details: { code: "timeout" },
  },
  [grpcStatus.notFound]: {
    kind: "not_found",
    message: "The model server does not have this model.",
    details: { code: "model_not_found", param: "model" },
  },
  [grpcStatus.permissionDenied]: refused,
  [grpcStatus.unauthenticated]: refused,
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
  const row = rowOf(error);
  return new ServeError(row.kind, row.message, { ...row.details, ...retryAfter(error), cause: error });
}

function rowOf(error: GrpcError): Row {
  if (error.code === grpcStatus.resourceExhausted) {
    if (error.overReceiveLimit) return oversized;
    if (/larger than max/i.test(error.details)) return tooLarge;
  }
  // Triton answers so when a header is missing: it is up, and will answer the same again.
  if (error.code === grpcStatus.unavailable && /protocol is restricted/i.test(error.details)) return refused;
  return rows[error.code] ?? failed;
}

const longestRetryAfterSeconds = 60;

function retryAfter(error: GrpcError): { retryAfterSeconds?: number } {
  if (error.retryPushbackMs === undefined) return {};
  return { retryAfterSeconds: Math.min(error.retryPushbackMs / 1_000, longestRetryAfterSeconds) };
}

function upstream(message: string, cause: unknown): ServeError {
  return new ServeError("upstream", message, { code: "upstream_error", cause });
}
