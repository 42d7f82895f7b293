const quote = 0x22;
const backslash = 0x5c;

/** After so many plain characters of a JSON string a native search is worth its call. */
export const longPlain = 32;

/**
 * Index of the next quote or backslash in JSON text from `start` on; the length if there is none. To be asked with
 * growing starts: what was found is kept, so that all searches together pass the bytes once.
 */
export function createPlainSearch(bytes: Uint8Array): (start: number) => number {
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
