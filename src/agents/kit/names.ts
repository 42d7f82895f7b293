import { isRecord } from "../../core/json.ts";

const longestId = 256;
const idPattern = /^[^\s\p{Cc}]+$/u;
const toolPattern = /^[\w-]{1,64}$/;

/** `value` as the name of an agent, which is its model id. Throws what is wrong with it. */
export function asAgentName(value: unknown, what = "The name of an agent"): string {
  if (typeof value === "string" && value.length <= longestId && idPattern.test(value)) return value;
  throw new Error(`${what} has to be 1 to 256 characters without spaces, not ${describe(value)}.`);
}

/** `value` as the name of a tool. Throws what is wrong with it. */
export function asToolName(value: unknown): string {
  if (typeof value === "string" && toolPattern.test(value)) return value;
  throw new Error(
    `The name of a tool has to be 1 to 64 letters, digits, underscores and dashes, not ${describe(value)}.`,
  );
}

/** `value` as an object with no other fields than `known`. Throws what is wrong with it; `what` names it. */
export function asFields(
  value: unknown,
  known: readonly string[],
  what: string,
): Readonly<Record<string, unknown>> {
  if (!isRecord(value)) throw new Error(`${what} has to be an object, not ${describe(value)}.`);
  const unknown = Object.keys(value).find((key) => !known.includes(key));
  if (unknown === undefined) return value;
  throw new Error(`${what} has no field '${unknown}'. It may have: ${known.join(", ")}.`);
}

/** A value in few words, for those who wrote it. */
export function describe(value: unknown): string {
  if (typeof value === "string")
    return value.length > 80 ? `a text of ${value.length} characters` : `'${value}'`;
  if (value === null || value === undefined || typeof value === "number" || typeof value === "boolean") {
    return String(value);
  }
  if (Array.isArray(value)) return "an array";
  return typeof value === "object" ? "an object" : `a ${typeof value}`;
}
