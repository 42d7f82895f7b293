import { describe } from "../kit/names.ts";

/** As many as those look at who tell of a failure. */
const maxCauses = 5;

/**
 * What an agent threw, as an error: whatever it is, those who look at it, its causes included, do not fail over it.
 */
export function toError(thrown: unknown): Error {
  try {
    if (!(thrown instanceof Error)) return new Error(describe(thrown));
    return isReadable(thrown) ? thrown : unreadable();
  } catch {
    return unreadable();
  }
}

function isReadable(error: Error): boolean {
  let current: unknown = error;
  for (let causes = 0; current instanceof Error && causes < maxCauses; causes++) {
    const { name, message, stack = "" } = current;
    if (![name, message, stack].every((text) => typeof text === "string")) return false;
    current = current.cause;
  }
  return true;
}

/** In the place of what fails those who look at it. */
export function unreadable(): Error {
  return new Error("It threw what cannot be read.");
}
