import type { BlockReader, Reading } from "./block-reader.ts";
import { readPythonValue } from "./python-value.ts";

/**
 * Reads a Python list of calls, `[f(a=1), g()]`, or one call without the list. Arguments are named and literals; they
 * are given out one by one, as JSON. False where the text stops being that.
 */
export function* readPythonCalls(reader: BlockReader): Reading<boolean> {
  if ((yield* reader.skip(space)) !== "[") return yield* readCall(reader);
  reader.advance();
  for (let count = 0; ; count++) {
    const next = yield* reader.skip(space);
    if (next === "]" && count > 0) {
      reader.advance();
      return true;
    }
    if (!(yield* readCall(reader))) return false;
    const after = yield* reader.skip(space);
    if (after === "") return true;
    if (after !== "," && after !== "]") return false;
    reader.advance();
    if (after === "]") return true;
  }
}

const space = " \n\r\t";

function* readCall(reader: BlockReader): Reading<boolean> {
  const name = yield* reader.take(/[\w.-]+/y, 256);
  if (name === undefined || !reader.tools.names.has(name)) return false;
  if ((yield* reader.skip(space)) !== "(") return false;
  reader.advance();
  for (let count = 0; ; count++) {
    if ((yield* reader.skip(space)) === ")") {
      reader.advance();
      if (count === 0) reader.begin(name);
      reader.give(count === 0 ? "{}" : "}");
      return true;
    }
    const argument = yield* readArgument(reader);
    if (argument === undefined) return false;
    const after = yield* reader.skip(space);
    if (after !== "," && after !== ")") return false;
    if (count === 0) reader.begin(name);
    reader.give((count === 0 ? "{" : ",") + argument);
    if (after === ",") reader.advance();
  }
}

/** `key=value` as `"key":value`. */
function* readArgument(reader: BlockReader): Reading<string | undefined> {
  const key = yield* reader.take(/\w+/y, 256);
  if (key === undefined || key === "" || (yield* reader.skip(space)) !== "=") return undefined;
  reader.advance();
  const value = yield* readPythonValue(reader, 1);
  return value === undefined ? undefined : `${JSON.stringify(key)}:${value}`;
}
