import { ServeError } from "../../core/error.ts";
import { toServeError } from "./status.ts";

const probeTimeoutMs = 5_000;

/**
 * What `ask` answers within five seconds, or so many milliseconds. Throws `ServeError`; on an abort of `signal` its
 * reason.
 */
export async function answerWithin<Answer>(
  signal: AbortSignal,
  ask: (limited: AbortSignal) => Promise<Answer>,
  milliseconds = probeTimeoutMs,
): Promise<Answer> {
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(tooLate()), milliseconds);
  const limited = AbortSignal.any([signal, controller.signal]);
  try {
    return await ask(limited);
  } catch (error) {
    throw toServeError(error, limited);
  } finally {
    clearTimeout(timer);
  }
}

function tooLate(): ServeError {
  return new ServeError("timeout", "The model server did not answer in time.", { code: "timeout" });
}
