import { createPlainSearch, longPlain } from "./plain-search.ts";

/** How large JSON text may be for what builds its value. */
export interface JsonBounds {
  maxDepth: number;
  /** A key counts as four, which is about what it costs. */
  maxValues: number;
}

const quote = 0x22;
const comma = 0x2c;
const colon = 0x3a;
const openBracket = 0x5b;
const backslash = 0x5c;
const closeBracket = 0x5d;
const openBrace = 0x7b;
const closeBrace = 0x7d;

const keyWeight = 4;

/**
 * Looks at JSON text in UTF-8 before it is parsed, in one pass and without building anything: JSON.parse survives any
 * depth, but what comes later does not, and millions of small values would hold up everything else. What is no JSON
 * is counted as if it were.
 */
export class JsonShape {
  readonly #bounds: JsonBounds;
  #depth = 0;
  #values = 0;
  #isInString = false;
  #isEscaped = false;

  constructor(bounds: JsonBounds) {
    this.#bounds = bounds;
  }

  /** Values so far; a key counts as four. */
  get values(): number {
    return this.#values;
  }

  /** Reads on. Gives the bound that the text passes, if it does; then it is not to be read on. */
  scan(bytes: Uint8Array): keyof JsonBounds | undefined {
    const { maxDepth, maxValues } = this.#bounds;
    let [depth, values, isInString, isEscaped] = [
      this.#depth,
      this.#values,
      this.#isInString,
      this.#isEscaped,
    ];
    const endOfPlain = createPlainSearch(bytes);
    let plain = 0;
    // By index: an iterator over bytes costs several times as much.
    for (let index = 0; index < bytes.length; index++) {
      const byte = bytes[index];
      if (isInString) {
        if (isEscaped) isEscaped = false;
        else if (byte === backslash) isEscaped = true;
        else if (byte === quote) isInString = false;
        else if (++plain === longPlain) index = endOfPlain(index + 1) - 1;
        else continue;
        plain = 0;
      } else if (byte === quote) {
        isInString = true;
      } else if (byte === comma) {
        values++;
      } else if (byte === colon) {
        values += keyWeight;
      } else if (byte === openBrace || byte === openBracket) {
        values++;
        if (++depth > maxDepth) return "maxDepth";
      } else if (byte === closeBrace || byte === closeBracket) {
        depth--;
      }
      if (values > maxValues) return "maxValues";
    }
    this.#depth = depth;
    this.#values = values;
    this.#isInString = isInString;
    this.#isEscaped = isEscaped;
    return undefined;
  }
}
