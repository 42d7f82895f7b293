import type { BlockReader, Reading } from "./block-reader.ts";
import { readPythonString } from "./python-string.ts";

/** Reads a Python literal and gives it as JSON; undefined if it is none, or nested deeper than 128. */
export function* readPythonValue(reader: BlockReader, depth: number): Reading<string | undefined> {
  if (depth > maxDepth) return undefined;
  const next = yield* reader.skip(space);
  switch (next) {
    case "'":
    case '"': {
      const text = yield* readPythonString(reader);
      return text === undefined ? undefined : JSON.stringify(text);
    }
    case "[":
      return yield* readSequence(reader, "]", depth);
    case "(":
      return yield* readSequence(reader, ")", depth);
    case "{":
      return yield* readDictionary(reader, depth);
    default: {
      const word = yield* reader.take(/[\w.+-]+/y, 4_096);
      return word === undefined ? undefined : wordToJson(word);
    }
  }
}

const maxDepth = 128;
const space = " \n\r\t";

/** A list or a tuple, or a value in parentheses. */
function* readSequence(reader: BlockReader, close: string, depth: number): Reading<string | undefined> {
  reader.advance();
  const items: string[] = [];
  let commas = 0;
  for (;;) {
    if ((yield* reader.skip(space)) === close) break;
    const item = yield* readPythonValue(reader, depth + 1);
    if (item === undefined) return undefined;
    items.push(item);
    const after = yield* reader.skip(space);
    if (after === close) break;
    if (after !== ",") return undefined;
    commas++;
    reader.advance();
  }
  reader.advance();
  return close === ")" && items.length === 1 && commas === 0 ? items[0] : `[${items.join(",")}]`;
}

function* readDictionary(reader: BlockReader, depth: number): Reading<string | undefined> {
  reader.advance();
  const members: string[] = [];
  for (;;) {
    if ((yield* reader.skip(space)) === "}") break;
    const key = yield* readPythonValue(reader, depth + 1);
    if (key === undefined || /^[[{]/.test(key) || (yield* reader.skip(space)) !== ":") return undefined;
    reader.advance();
    const value = yield* readPythonValue(reader, depth + 1);
    if (value === undefined) return undefined;
    members.push(`${key.startsWith('"') ? key : JSON.stringify(key)}:${value}`);
    const after = yield* reader.skip(space);
    if (after === "}") break;
    if (after !== ",") return undefined;
    reader.advance();
  }
  reader.advance();
  return `{${members.join(",")}}`;
}

const constants: Readonly<Record<string, string>> = {
  True: "true",
  False: "false",
  None: "null",
  true: "true",
  false: "false",
  null: "null",
};

function wordToJson(word: string): string | undefined {
  if (Object.hasOwn(constants, word)) return constants[word];
  const digits = word.replaceAll(/(?<=[0-9a-f])_(?=[0-9a-f])/gi, "");
  if (/^[+-]?0(x[0-9a-f]+|o[0-7]+|b[01]+)$/i.test(digits)) {
    const size = BigInt(digits.replace(/^[+-]/, "")).toString();
    return digits.startsWith("-") ? `-${size}` : size;
  }
  const parts = /^([+-]?)0*([1-9]\d*)?(\.\d*)?(e[+-]?\d+)?$/i.exec(digits);
  if (parts === null || !/^[+-]?\.?\d/.test(digits)) return undefined;
  const [, sign = "", whole = "", point = "", exponent = ""] = parts;
  // Python has no octal numbers of the form 017.
  if (point === "" && exponent === "" && whole !== "" && /^[+-]?0/.test(digits)) return undefined;
  return [sign === "-" ? "-" : "", whole || "0", point === "." ? ".0" : point, exponent].join("");
}
