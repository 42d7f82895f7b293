import { describeCause } from "../telemetry/cause.ts";

/** A failure for the operator: what a client would read, and then the cause, which no client sees. */
export function explainFailure(error: unknown): string {
  const cause = error instanceof Error ? describeCause(error.cause) : undefined;
  const message = error instanceof Error ? error.message : "unknown error";
  return cause === undefined ? message : `${message} ${cause}`;
}
