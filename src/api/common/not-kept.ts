import { ServeError } from "../../core/error.ts";

/** That an answer was given and lost, because of `error`: the client is told not to have the work done again for it. */
export function answeredAndNotKept(error: unknown, message: string): ServeError {
  const { kind, code = "store_unavailable", cause } = ServeError.from(error);
  return new ServeError(kind, message, { code, shouldRetry: false, cause });
}
