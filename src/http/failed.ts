import { ServeError } from "../core/error.ts";
import { describeCause } from "../telemetry/cause.ts";
import { isFirstReport } from "../telemetry/first-report.ts";
import { type Call, callOf } from "./call.ts";
import { errorResponse, toServeError } from "./errors.ts";
import { shown, toUrl } from "./path.ts";

/** The answer to a request that failed before its first byte was sent, and the line that the log gets of it. */
export function failed(request: Request, thrown: unknown): Response {
  const call = callOf(request);
  // Whatever fails once the client has left, an unfinished body for one, fails because of that.
  const error = call.clientGone
    ? new ServeError("canceled", "The client closed the connection.")
    : toServeError(thrown);
  const response = errorResponse(error, call);
  if (isFirstReport(error)) report(call, request, { error, status: response.status });
  return response;
}

function report(
  call: Call,
  request: Request,
  { error, status }: { error: ServeError; status: number },
): void {
  const line = `✗ ${status} ${request.method} ${shown(toUrl(request.url).pathname)}: ${error.message}`;
  const fields = { id: call.requestId, code: error.code, param: error.param };
  if (status < 500) call.log.info(line, fields);
  else call.log.error(line, { ...fields, cause: stackOrCause(error) });
}

/** A bug of ours is found by its stack; anything else is told by its causes. */
function stackOrCause({ kind, cause }: ServeError): string | undefined {
  return kind === "internal" && cause instanceof Error ? cause.stack : describeCause(cause);
}
