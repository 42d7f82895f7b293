import { PythonError } from "./python.ts";

/** An exception of a client's package. */
export interface ClientFailure {
  /** Its class and that class's bases, nearest first. */
  classes: readonly string[];
  message: string;
  status: number | null;
  code: string | null;
  type: string | null;
  param: string | null;
}

/** Why the call failed. Throws if it did not. */
export async function failureOf(work: Promise<unknown>): Promise<ClientFailure> {
  const [outcome] = await Promise.allSettled([work]);
  if (outcome.status === "fulfilled") throw new Error("The call did not fail.");
  const { reason } = outcome;
  if (reason instanceof PythonError) return reason.details;
  // The AI SDK has another name for the status.
  const { message, statusCode = null, status = statusCode, code = null, type = null, param = null } = reason;
  return { classes: classesOf(reason), message, status, code, type, param };
}

function classesOf(value: object): string[] {
  const names: string[] = [];
  for (let next = Object.getPrototypeOf(value); next !== null; next = Object.getPrototypeOf(next)) {
    names.push(next.constructor.name);
  }
  return names;
}
