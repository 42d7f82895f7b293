import { isRecord, type JsonRecord } from "../../core/json.ts";

/**
 * A call's arguments as the object that this protocol has for them. Of a text that was cut off or broke, it is what the
 * text says in whole values, as the clients' own readers of streams have it; empty if that is no object.
 */
export function readInput(text: string): JsonRecord {
  return readRecord(text) ?? readRecord(closed(text)) ?? readRecord(closed(untilLastComma(text))) ?? {};
}

function readRecord(text: string): JsonRecord | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isRecord(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** `text` with what closes the objects and arrays that are open where it ends. */
function closed(text: string): string {
  const closers: string[] = [];
  for (const { character } of marks(text)) {
    if (character === "{") closers.push("}");
    if (character === "[") closers.push("]");
    if (character === "}" || character === "]") closers.pop();
  }
  return text + closers.toReversed().join("");
}

function untilLastComma(text: string): string {
  let end = 0;
  for (const { character, at } of marks(text)) if (character === ",") end = at;
  return text.slice(0, end);
}

/** The brackets and commas outside of strings. */
function* marks(text: string): Generator<{ character: string; at: number }> {
  for (const { 0: found, index } of text.matchAll(/"(?:[^"\\]|\\.)*(?:"|$)|[{}[\],]/gs)) {
    if (!found.startsWith('"')) yield { character: found, at: index };
  }
}
