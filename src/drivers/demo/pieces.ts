const maxCharacters = 16;

/**
 * `text` in the pieces that the demo model counts as its tokens: a word with the white space after it, a word
 * of more than 16 characters in several. Together they are `text`; no character is split.
 */
export function* toPieces(text: string): Generator<string> {
  for (const [piece] of text.matchAll(/\s+$|\s*\S{1,16}\s*/gu)) {
    if (piece !== "") yield piece;
  }
}

/** `text` in at least three pieces of equal length if it has three characters, in more if it is long. */
export function* toFragments(text: string): Generator<string> {
  // So many code units hold as many characters as decide the size.
  const start = Array.from(text.slice(0, 3 * 2 * maxCharacters));
  const size = Math.max(1, Math.min(maxCharacters, Math.floor(start.length / 3)));
  let fragment = "";
  let characters = 0;
  for (const character of text) {
    fragment += character;
    if (++characters % size > 0) continue;
    yield fragment;
    fragment = "";
  }
  if (fragment !== "") yield fragment;
}
