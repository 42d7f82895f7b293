import type { BlockReader, Reading } from "./block-reader.ts";
import { JsonScanner } from "./json-scanner.ts";
import { JsonStringDecoder } from "./json-string.ts";
import { isJson, type PendingCall } from "./pending-call.ts";

/** Reads the arguments of `call`: an object, one written as a string, or `null` for none. */
export function* readArguments(reader: BlockReader, call: PendingCall): Reading<boolean> {
  const next = yield* reader.afterSpace();
  if (next === "{") return yield* readObjectText(reader, call);
  if (next === '"') return yield* readEncoded(reader, call);
  const value: string[] = [];
  if (!(yield* readValue(reader, (text) => value.push(text)))) return false;
  const text = value.join("");
  if (!isJson(text)) return false;
  call.beginArguments();
  call.write(text === "null" ? "{}" : text);
  return true;
}

function* readObjectText(reader: BlockReader, call: PendingCall): Reading<boolean> {
  const scanner = new JsonScanner();
  reader.advance();
  const space = (yield* reader.take(/[ \n\r\t]*/y, maxSpace)) ?? "";
  const next = yield* reader.peek();
  // Whatever else follows is no JSON, and the call can still be text.
  if (next !== '"' && next !== "}") return false;
  const head = `{${space}`;
  scanner.scan(head, 0, head.length);
  call.beginArguments();
  call.write(head);
  yield* reader.scan(
    (text, from, to) => scanner.scan(text, from, to),
    (text) => call.write(text),
  );
  return scanner.isComplete;
}

/** Arguments in a JSON string: its content if that is an object, else the string as it is written. */
function* readEncoded(reader: BlockReader, call: PendingCall): Reading<boolean> {
  const decoder = new JsonStringDecoder();
  reader.advance();
  const written = ['"'];
  /** The content, as far as it takes to know that it is nothing. */
  let beginning = "";
  let isObject = false;
  const sink = (text: string) => {
    const decoded = decoder.take();
    if (isObject) return call.write(decoded);
    written.push(text);
    const content = beginning === "" ? decoded.trimStart() : decoded;
    isObject = beginning === "" && content.startsWith("{");
    if (isObject) {
      call.beginArguments();
      call.write(content);
    } else if (beginning.length < 8) {
      beginning += content;
    }
  };
  if (!(yield* reader.scan((text, from, to) => decoder.scan(text, from, to), sink))) return false;
  if (isObject) return true;
  call.beginArguments();
  call.write(["", "null"].includes(beginning.trimEnd()) ? "{}" : written.join(""));
  return true;
}

/** Reads one JSON value. False if it breaks off. */
export function* readValue(reader: BlockReader, sink?: (text: string) => void): Reading<boolean> {
  yield* reader.afterSpace();
  const scanner = new JsonScanner();
  yield* reader.scan((text, from, to) => scanner.scan(text, from, to), sink);
  scanner.finish();
  return scanner.isComplete;
}

/** Reads a string of at most 1,024 characters, from its opening quote on, and gives its content. */
export function* readString(reader: BlockReader): Reading<string | undefined> {
  const decoder = new JsonStringDecoder();
  reader.advance();
  let left = maxString;
  let text = "";
  const scan = (chunk: string, from: number, to: number) => {
    const { end, isDone } = decoder.scan(chunk, from, Math.min(to, from + left));
    left -= end - from;
    text += decoder.take();
    return { end, isDone: isDone || left === 0 };
  };
  yield* reader.scan(scan);
  return decoder.isComplete ? text : undefined;
}

const maxString = 1_024;
const maxSpace = 65_536;
