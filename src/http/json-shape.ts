import { ServeError } from "../core/error.ts";

export interface ShapeLimits {
  maxJsonDepth: number;
  /** Values in the whole body; a key counts as four, which is about what it costs. */
  maxJsonValues: number;
}

const quote = 0x22;
const comma = 0x2c;
const colon = 0x3a;
const openBracket = 0x5b;
const backslash = 0x5c;
const closeBracket = 0x5d;
const openBrace = 0x7b;
const closeBrace = 0x7d;

/** Bytes looked at in one turn of the event loop: less than a millisecond. */
const sliceBytes = 1 << 18;
const keyWeight = 4;

/**
 * Looks at JSON text before it is parsed, without building anything: JSON.parse survives any depth, but what comes
 * later does not, and millions of small values would hold up every other request. Throws `invalid_request`.
 */
export async function assertShape(bytes: Uint8Array, limits: ShapeLimits): Promise<void> {
  const shape = { depth: 0, values: 0, isInString: false, isEscaped: false };
  for (let start = 0; start < bytes.length; start += sliceBytes) {
    if (start > 0) await new Promise((resolve) => setImmediate(resolve));
    scan(bytes.subarray(start, start + sliceBytes), shape, limits);
  }
}

interface Shape {
  depth: number;
  values: number;
  isInString: boolean;
  isEscaped: boolean;
}

function scan(bytes: Uint8Array, shape: Shape, limits: ShapeLimits): void {
  let { depth, values, isInString, isEscaped } = shape;
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
      if (++depth > limits.maxJsonDepth) throw tooDeep(limits);
    } else if (byte === closeBrace || byte === closeBracket) {
      depth--;
    }
    if (values > limits.maxJsonValues) throw tooMany(limits);
  }
  Object.assign(shape, { depth, values, isInString, isEscaped });
}

/** After so many plain characters of a string a native search is worth its call. */
const longPlain = 32;

/**
 * Index of the next quote or backslash from `start` on; the length if there is none. To be asked with growing starts:
 * what was found is kept, so that all searches together pass the bytes once.
 */
function createPlainSearch(bytes: Uint8Array): (start: number) => number {
  let nextQuote = -1;
  let nextBackslash = -1;
  const find = (byte: number, start: number) => {
    const found = bytes.indexOf(byte, start);
    return found === -1 ? bytes.length : found;
  };
  return (start) => {
    if (nextQuote < start) nextQuote = find(quote, start);
    if (nextBackslash < start) nextBackslash = find(backslash, start);
    return Math.min(nextQuote, nextBackslash);
  };
}

function tooDeep(limits: ShapeLimits): ServeError {
  return new ServeError(
    "invalid_request",
    `The request body is nested deeper than ${limits.maxJsonDepth} levels.`,
  );
}

function tooMany(limits: ShapeLimits): ServeError {
  return new ServeError(
    "invalid_request",
    `The request body has too many values: at most ${limits.maxJsonValues} are taken, and a key counts as four.`,
  );
}
