import type { BlockReader, Reading } from "./block-reader.ts";
import { readArguments, readString, readValue } from "./json-arguments.ts";
import { PendingCall } from "./pending-call.ts";

/**
 * Reads calls written as JSON: one object, or an array of them. With `separators` (white space included), several
 * objects may follow each other. False where the text stops being calls.
 */
export function* readCalls(reader: BlockReader, separators = ""): Reading<boolean> {
  const first = yield* reader.afterSpace();
  if (first === "[") return yield* readArray(reader);
  if (first !== "{") return false;
  for (;;) {
    if (!(yield* readCall(reader))) return false;
    if (separators === "") return true;
    const next = yield* reader.skip(separators);
    if (next === "") return true;
    if (next !== "{") return false;
  }
}

/** What may stand between two objects of one answer. */
export const callSeparators = " \n\r\t;,";

function* readArray(reader: BlockReader): Reading<boolean> {
  reader.advance();
  for (let count = 0; ; count++) {
    const next = yield* reader.afterSpace();
    if (next === "]" && count > 0) {
      reader.advance();
      return true;
    }
    if (next !== "{" || !(yield* readCall(reader))) return false;
    const after = yield* reader.afterSpace();
    if (after === "") return true;
    if (after !== "," && after !== "]") return false;
    reader.advance();
    if (after === "]") return true;
  }
}

function* readCall(reader: BlockReader): Reading<boolean> {
  const call = new PendingCall(reader);
  return (yield* readObject(reader, call, 1)) && call.end();
}

function* readObject(reader: BlockReader, call: PendingCall, depth: number): Reading<boolean> {
  for (let separator = "{"; separator !== "}";) {
    reader.advance();
    if ((yield* reader.afterSpace()) !== '"') return false;
    const key = yield* readString(reader);
    if (key === undefined || (yield* reader.afterSpace()) !== ":") return false;
    reader.advance();
    if (!(yield* readMember(reader, call, { key, depth }))) return false;
    separator = yield* reader.afterSpace();
    if (separator !== "," && separator !== "}") return false;
  }
  reader.advance();
  return true;
}

interface Member {
  key: string;
  /** 2 in OpenAI's form, where the object of the call stands in another. */
  depth: number;
}

function* readMember(reader: BlockReader, call: PendingCall, { key, depth }: Member): Reading<boolean> {
  const next = yield* reader.afterSpace();
  switch (key) {
    case "name":
    case "tool_name":
    case "function": {
      if (key === "function" && next === "{") return depth === 1 && (yield* readObject(reader, call, 2));
      const name = next === '"' ? yield* readString(reader) : undefined;
      return name !== undefined && call.setName(name);
    }
    case "arguments":
    case "parameters":
      return yield* call.hasArguments ? readValue(reader) : readArguments(reader, call);
    case "id":
    case "tool_call_id": {
      if (next !== '"') return yield* readValue(reader);
      const id = yield* readString(reader);
      if (id !== undefined) call.id = id;
      return id !== undefined;
    }
    case "type":
      return yield* readValue(reader);
    default:
      // Another object than a call, most likely the answer itself: the sooner it is shown, the better.
      return call.isNamed && (yield* readValue(reader));
  }
}
