import type { BlockReader, Reading } from "./block-reader.ts";

/** Reads a Python string, from its opening quote on, one or three. Undefined if it has no end. */
export function* readPythonString(reader: BlockReader): Reading<string | undefined> {
  const quote = yield* reader.peek();
  reader.advance();
  if ((yield* reader.peek()) !== quote) return yield* readUntil(reader, quote, 1);
  reader.advance();
  if ((yield* reader.peek()) !== quote) return "";
  reader.advance();
  return yield* readUntil(reader, quote, 3);
}

function* readUntil(reader: BlockReader, quote: string, count: number): Reading<string | undefined> {
  const plain = quote === '"' ? /[^"\\]+/y : /[^'\\]+/y;
  const text: string[] = [];
  for (let quotes = 0; quotes < count;) {
    const next = yield* reader.peek();
    if (next === "") return undefined;
    if (next === quote) {
      reader.advance();
      quotes++;
      continue;
    }
    // Fewer quotes than end the string are part of it.
    text.push(quote.repeat(quotes));
    quotes = 0;
    if (next === "\\") {
      reader.advance();
      text.push(yield* readEscape(reader));
    } else {
      text.push((yield* reader.take(plain, Infinity)) ?? "");
    }
  }
  return text.join("");
}

function* readEscape(reader: BlockReader): Reading<string> {
  const letter = yield* reader.peek();
  if (letter === "") return "";
  reader.advance();
  const length = { x: 2, u: 4, U: 8 }[letter];
  if (length === undefined) return escapes[letter] ?? `\\${letter}`;
  let digits = "";
  while (digits.length < length && /^[0-9a-f]$/i.test(yield* reader.peek())) {
    digits += yield* reader.peek();
    reader.advance();
  }
  const code = Number.parseInt(digits, 16);
  return digits.length === length && code <= 0x10_ff_ff ? String.fromCodePoint(code) : `\\${letter}${digits}`;
}

const escapes: Readonly<Record<string, string>> = {
  "\n": "",
  "\\": "\\",
  "'": "'",
  '"': '"',
  "0": "\0",
  a: "\x07",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
  v: "\v",
};
