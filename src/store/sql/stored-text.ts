/** Stands before the four hexadecimal digits of a character that a database does not keep; Unicode has none there. */
const escape = "\uFFFE";

/** Halves of surrogate pairs, which UTF-8 cannot say, NUL, which PostgreSQL refuses, and its neighbours; the escape itself. */
const unkept = /\p{Surrogate}|\p{Control}|\uFFFE/gu;
const escaped = /\uFFFE([0-9a-f]{4})/g;

/** A text as databases keep it, different for different texts; nearly always itself. */
export function toStoredText(text: string): string {
  if (text.isWellFormed() && !text.includes("\0") && !text.includes(escape)) return text;
  return text.replaceAll(
    unkept,
    (character) => escape + character.charCodeAt(0).toString(16).padStart(4, "0"),
  );
}

/** What `toStoredText` was given. */
export function ofStoredText(stored: string): string {
  if (!stored.includes(escape)) return stored;
  return stored.replaceAll(escaped, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 16)));
}
