import { ServeError } from "../core/error.ts";

/** That conversations can neither be read nor written now; why is for the log. */
export function storeUnavailable(cause: unknown): ServeError {
  return new ServeError("unavailable", "Conversations cannot be read or kept now.", {
    code: "store_unavailable",
    retryAfterSeconds: 5,
    cause,
  });
}
