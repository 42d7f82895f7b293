/**
 * C0, DEL, C1, line and paragraph separators, and what changes the direction of text: everything by which a value
 * could end a line, drive a terminal or show another order than it has.
 */
// oxlint-disable-next-line no-control-regex
const controls = /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g;

const short: Readonly<Record<string, string>> = { "\n": "\\n", "\r": "\\r", "\t": "\\t" };

/** The text with `\n`, `\r`, `\t` and `\u001b` in place of such characters. */
export function escapeControls(text: string): string {
  return text.replaceAll(controls, (character) => short[character] ?? codeUnit(character));
}

/** The same for text that is JSON already, where such characters stand inside strings only. */
export function escapeJsonControls(json: string): string {
  return json.replaceAll(controls, codeUnit);
}

/** At most `maxChars` UTF-16 units and a mark that something is missing; no character is split. */
export function cut(text: string, maxChars: number, mark = "…"): string {
  if (text.length <= maxChars) return text;
  const last = text.charCodeAt(maxChars - 1);
  const end = last >= 0xd800 && last <= 0xdbff ? maxChars - 1 : maxChars;
  return text.slice(0, end) + mark;
}

function codeUnit(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
}
