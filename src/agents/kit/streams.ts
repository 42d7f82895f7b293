import type { AgentPiece } from "./agent.ts";

/**
 * Whether `value` is read piece by piece: something async to iterate, or what a generator function gives. That these
 * are pieces is seen only when they come: `run/to-events.ts` refuses others.
 */
export function isStream(value: unknown): value is AsyncIterable<AgentPiece> | Iterable<AgentPiece> {
  if (typeof value !== "object" || value === null) return false;
  if (Symbol.asyncIterator in value) return true;
  // Arrays and the like are values, which nobody wants to be read.
  return Symbol.iterator in value && "next" in value;
}
