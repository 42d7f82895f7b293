import { type ErrorDetails, type ErrorKind, ServeError } from "../../core/error.ts";
import { toError, unreadable } from "../run/thrown.ts";

/** Something thrown, on its way to another process. */
export interface WireError {
  name: string;
  message: string;
  stack?: string;
  cause?: WireError;
  /** Of a `ServeError`. */
  kind?: ErrorKind;
  details?: Omit<ErrorDetails, "cause">;
}

const maxCauses = 5;

/** Never fails, whatever was thrown. */
export function toWireError(thrown: unknown): WireError {
  try {
    return describe(thrown, maxCauses);
  } catch {
    // Something that can be read at times only.
    return { name: "Error", message: unreadable().message };
  }
}

function describe(thrown: unknown, causes: number): WireError {
  const error = toError(thrown);
  const { name, message, stack, cause } = error;
  return {
    name,
    message,
    ...(stack !== undefined && { stack }),
    ...(cause !== undefined && causes > 0 && { cause: describe(cause, causes - 1) }),
    ...(error instanceof ServeError && { kind: error.kind, details: detailsOf(error) }),
  };
}

export function fromWireError({ name, message, stack, cause, kind, details }: WireError): Error {
  const reason = cause === undefined ? undefined : { cause: fromWireError(cause) };
  if (kind !== undefined) return new ServeError(kind, message, { ...details, ...reason });
  const error = new Error(message, reason);
  error.name = name;
  // Where it was thrown, not where it was read.
  if (stack !== undefined) error.stack = stack;
  return error;
}

function detailsOf({ code, param, retryAfterSeconds, shouldRetry }: ServeError): Omit<ErrorDetails, "cause"> {
  return {
    ...(code !== undefined && { code }),
    ...(param !== undefined && { param }),
    ...(retryAfterSeconds !== undefined && { retryAfterSeconds }),
    ...(shouldRetry !== undefined && { shouldRetry }),
  };
}
