import type { BlockReader, Reading } from "./block-reader.ts";
import { createFormat } from "./create-format.ts";
import { readArguments } from "./json-arguments.ts";
import { readCalls } from "./json-calls.ts";
import { PendingCall } from "./pending-call.ts";

/**
 * Mistral's models: an array after the mark, and since tokenizer v11 one mark for each call, with the name before the
 * arguments (https://github.com/mistralai/mistral-common). Servers that strip special tokens leave the bare array.
 */
export const mistral = createFormat(
  "mistral",
  `To call tools, write this mark and after it a JSON array of all calls:
[TOOL_CALLS][{"name": "tool name", "arguments": {"argument": "value"}}]`,
  {
    open: ["[TOOL_CALLS]"],
    close: ["</s>"],
    bare: "[",
    *read(reader) {
      const next = yield* reader.afterSpace();
      return yield* next === "[" || next === "{" ? readCalls(reader) : readNamed(reader);
    },
  },
);

/** `name{…}`, `name[ARGS]{…}` and `name[CALL_ID]id[ARGS]{…}`. */
function* readNamed(reader: BlockReader): Reading<boolean> {
  const name = yield* reader.take(/[\w.-]+/y, 256);
  if (name === undefined || !reader.tools.names.has(name)) return false;
  let id: string | undefined;
  if ((yield* reader.afterSpace()) === "[") {
    const mark = yield* reader.literal("[ARGS]", "[CALL_ID]");
    if (mark === undefined) return false;
    if (mark === "[CALL_ID]") {
      id = yield* reader.take(/[\w-]+/y, 64);
      if ((yield* reader.literal("[ARGS]")) === undefined) return false;
    }
  }
  return yield* readArguments(reader, new PendingCall(reader, name, id));
}
