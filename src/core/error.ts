/** How a kind of failure is called in each protocol. */
interface ErrorNames {
  status: number;
  /** In OpenAI's envelope. */
  type: string;
  /** In Anthropic's. */
  anthropic: string;
  /** Where Anthropic has a status of its own. */
  anthropicStatus?: number;
}

/** Kind of failure -> HTTP status and its name in the envelopes of OpenAI and of Anthropic. The only such table. */
export const errorKinds = {
  invalid_request: { status: 400, type: "invalid_request_error", anthropic: "invalid_request_error" },
  unauthenticated: { status: 401, type: "invalid_request_error", anthropic: "authentication_error" },
  permission_denied: { status: 403, type: "invalid_request_error", anthropic: "permission_error" },
  not_found: { status: 404, type: "invalid_request_error", anthropic: "not_found_error" },
  method_not_allowed: { status: 405, type: "invalid_request_error", anthropic: "invalid_request_error" },
  too_large: { status: 413, type: "invalid_request_error", anthropic: "request_too_large" },
  rate_limited: { status: 429, type: "requests", anthropic: "rate_limit_error" },
  canceled: { status: 499, type: "server_error", anthropic: "api_error" },
  internal: { status: 500, type: "server_error", anthropic: "api_error" },
  upstream: { status: 502, type: "server_error", anthropic: "api_error" },
  unavailable: {
    status: 503,
    type: "server_error",
    anthropic: "overloaded_error",
    anthropicStatus: 529,
  },
  timeout: { status: 504, type: "server_error", anthropic: "timeout_error" },
} as const satisfies Readonly<Record<string, ErrorNames>>;

export type ErrorKind = keyof typeof errorKinds;

export interface ErrorDetails {
  /** Machine-readable reason, e.g. `model_not_found`. */
  code?: string;
  /** Path of the request field at fault, e.g. `messages[0].role`. */
  param?: string;
  /** Seconds after which a retry makes sense. */
  retryAfterSeconds?: number;
  /** Overrides what the SDKs would do with the status. */
  shouldRetry?: boolean;
  cause?: unknown;
}

/**
 * The one error that crosses layers. `message` may be shown to a client, so it carries no content of the
 * request, no address and no stack; `cause` goes to the log only.
 */
export class ServeError extends Error {
  readonly kind: ErrorKind;
  readonly code: string | undefined;
  readonly param: string | undefined;
  readonly retryAfterSeconds: number | undefined;
  readonly shouldRetry: boolean | undefined;

  constructor(kind: ErrorKind, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = "ServeError";
    this.kind = kind;
    this.code = details.code;
    this.param = details.param;
    this.retryAfterSeconds = details.retryAfterSeconds;
    this.shouldRetry = details.shouldRetry;
  }

  get status(): number {
    return errorKinds[this.kind].status;
  }

  get type(): string {
    return errorKinds[this.kind].type;
  }

  /** Status and type in Anthropic's protocol. */
  get anthropic(): { status: number; type: string } {
    const names: ErrorNames = errorKinds[this.kind];
    return { status: names.anthropicStatus ?? names.status, type: names.anthropic };
  }

  /** Normalises anything that was thrown; what is not ours becomes `internal` with a fixed sentence. */
  static from(thrown: unknown): ServeError {
    if (thrown instanceof ServeError) return thrown;
    return new ServeError("internal", "The server failed to handle this request.", {
      code: "internal_error",
      cause: thrown,
    });
  }
}

/** A problem of start-up or configuration, for the operator: shown as it is, ends in exit code 2. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
}
