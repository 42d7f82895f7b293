import { ServeError } from "../core/error.ts";
import { callOf } from "./call.ts";
import { errorResponse, toServeError } from "./errors.ts";
import { shown, toUrl } from "./path.ts";

/** The answer to a request that failed before its first byte was sent, and the line that the log gets of it. */
export function failed(request: Request, thrown: unknown): Response {
  const call = callOf(request);
  // Whatever fails once the client has left, an unfinished body for one, fails because of that.
  const error = call.clientGone
    ? new ServeError("canceled", "The client closed the connection.")
    : toServeError(thrown);
  const line = `✗ ${error.status} ${request.method} ${shown(toUrl(request.url).pathname)}: ${error.message}`;
  const fields = { code: error.code, param: error.param };
  if (error.kind === "internal") call.log.error(line, { ...fields, cause: describeCause(error.cause) });
  else if (error.status < 500) call.log.info(line, fields);
  // Failures of a backend are logged with their cause by those who called it.
  else call.log.debug(line, fields);
  return errorResponse(error);
}

function describeCause(cause: unknown): string {
  return cause instanceof Error ? (cause.stack ?? cause.message) : String(cause);
}
