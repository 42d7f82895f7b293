import type { BlockReader, Reading } from "./block-reader.ts";
import { callSeparators, readCalls } from "./json-calls.ts";

export const fence = "```";

/** Reads calls as JSON after the opening fence of a block of code, its language included. */
export function* readFencedCalls(reader: BlockReader): Reading<boolean> {
  const language = yield* reader.take(/\w+/y, 32);
  if (language === undefined || !languages.has(language)) return false;
  return yield* readCalls(reader, callSeparators);
}

const languages: ReadonlySet<string> = new Set(["", "json", "JSON", "tool_call", "tool_calls", "tool_code"]);
