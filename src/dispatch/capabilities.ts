import { ServeError } from "../core/error.ts";
import type { Capabilities } from "../core/generation.ts";
import { within } from "../core/within.ts";
import type { Timeouts } from "./deadlines.ts";
import type { ServedModel } from "./registry.ts";

/**
 * What the model's backend can do. A backend that has to be asked is waited for no longer than for a first token, and
 * not after `signal` has aborted; rejects with its `ServeError`, with `timeout`, or with the signal's reason.
 */
export async function capabilitiesOf(
  { backend, target }: ServedModel,
  signal: AbortSignal,
  { firstTokenMs }: Pick<Timeouts, "firstTokenMs">,
): Promise<Capabilities> {
  const capabilities = backend.capabilities(target);
  if (!(capabilities instanceof Promise)) return capabilities;
  const aborted = Promise.withResolvers<never>();
  const abort = () => aborted.reject(signal.reason);
  signal.addEventListener("abort", abort, { once: true });
  if (signal.aborted) abort();
  const known = Promise.race([capabilities, aborted.promise]);
  try {
    return await (firstTokenMs === 0 ? known : within(firstTokenMs, () => known, late));
  } finally {
    signal.removeEventListener("abort", abort);
  }
}

function late(): never {
  throw new ServeError("timeout", "The backend did not say in time what its model can do.", {
    code: "timeout",
  });
}
