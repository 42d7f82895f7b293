import { ServeError } from "../core/error.ts";

/** That nothing can be read or written now; why, an error or a sentence, is for the log. */
export function storeUnavailable(reason: unknown): ServeError {
  return new ServeError("unavailable", "What is stored cannot be read or written now.", {
    code: "store_unavailable",
    retryAfterSeconds: 5,
    cause: reason instanceof Error ? reason : new Error(String(reason)),
  });
}

/** Why a store cannot be used, out of what its calls reject with; for the operator. */
export function reasonOf(error: unknown): string {
  const cause = error instanceof Error ? (error.cause ?? error) : error;
  return cause instanceof Error ? cause.message : String(cause);
}
