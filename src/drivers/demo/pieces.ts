/**
 * `text` in the pieces that the demo model counts as its tokens: a word with the white space after it, a word
 * of more than 16 characters in several. Together they are `text`; no character is split.
 */
export function toPieces(text: string): string[] {
  return (text.match(/\s+$|\s*\S{1,16}\s*/gu) ?? []).filter((piece) => piece !== "");
}

/** `text` in at least three pieces of equal length if it has three characters, in more if it is long. */
export function toFragments(text: string): string[] {
  const characters = Array.from(text);
  const size = Math.max(1, Math.min(16, Math.floor(characters.length / 3)));
  return Array.from({ length: Math.ceil(characters.length / size) }, (_, index) =>
    characters.slice(index * size, (index + 1) * size).join(""),
  );
}
