/** No whole answer came. Its message may name addresses: it is for the operator. */
export class HttpFailure extends Error {
  override readonly name = "HttpFailure";
  /** Whether a connection was made at all. */
  readonly reason: "unreachable" | "cut";
  /** The server had closed a connection that was to be used again. It cannot have seen the call. */
  readonly isStale: boolean;

  constructor(
    reason: HttpFailure["reason"],
    message: string,
    details: { cause?: unknown; isStale?: boolean } = {},
  ) {
    super(message, { cause: details.cause });
    this.reason = reason;
    this.isStale = details.isStale ?? false;
  }
}
