export interface CallOptions {
  /** Cancels the call at once. */
  signal: AbortSignal;
  /** Longest wait for a connection, in milliseconds, if another than the transport's own. */
  connectTimeoutMs?: number;
  /** gRPC metadata: names in lower case, values in visible ASCII; those of names that end in `-bin` are base64. */
  metadata?: Readonly<Record<string, string>>;
}

/**
 * Calls of one gRPC server: a method's path and the bytes of a message in, bytes of messages out. Knows nothing of
 * protobuf. Every failure is a `GrpcError`; when `signal` aborted, one of code CANCELLED.
 */
export interface Transport {
  unary(method: string, message: Uint8Array, call: CallOptions): Promise<Uint8Array>;
  /**
   * One request, then messages in batches, each of what has come since the last one; never empty. Reading stops
   * while nobody asks, so that the server is slowed down and memory stays bounded. The call starts with the
   * first `next()`; `return()` cancels it.
   */
  stream(method: string, message: Uint8Array, call: CallOptions): AsyncIterable<readonly Uint8Array[]>;
  /** Cancels the calls that are under way. */
  close(): Promise<void>;
}

/** Status codes of gRPC (https://grpc.io/docs/guides/status-codes/) by number. */
export const grpcStatus = {
  ok: 0,
  cancelled: 1,
  unknown: 2,
  invalidArgument: 3,
  deadlineExceeded: 4,
  notFound: 5,
  alreadyExists: 6,
  permissionDenied: 7,
  resourceExhausted: 8,
  failedPrecondition: 9,
  aborted: 10,
  outOfRange: 11,
  unimplemented: 12,
  internal: 13,
  unavailable: 14,
  dataLoss: 15,
  unauthenticated: 16,
} as const;

export interface GrpcErrorDetails {
  /** The server's `grpc-retry-pushback-ms`, in milliseconds. */
  retryPushbackMs?: number;
  /** The answer was larger than we take; not a status of the server's. */
  overReceiveLimit?: boolean;
}

/** A call that did not end with OK. `details` is the server's text: for the log, not for clients. */
export class GrpcError extends Error {
  override readonly name = "GrpcError";
  readonly code: number;
  readonly details: string;
  readonly retryPushbackMs: number | undefined;
  readonly overReceiveLimit: boolean;

  constructor(code: number, details: string, more: GrpcErrorDetails = {}) {
    super(`${nameOf(code)}: ${details}`);
    this.code = code;
    this.details = details;
    this.retryPushbackMs = more.retryPushbackMs;
    this.overReceiveLimit = more.overReceiveLimit ?? false;
  }
}

/** 4 -> `DEADLINE_EXCEEDED`, as gRPC and its tools write it. */
function nameOf(code: number): string {
  const [name = "UNKNOWN"] = Object.entries(grpcStatus).find(([, known]) => known === code) ?? [];
  return name.replaceAll(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase();
}
