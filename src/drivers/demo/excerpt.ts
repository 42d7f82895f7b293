import type { Message } from "../../core/generation.ts";

const maxCharacters = 200;

/** The first 200 characters of `text` on one line, with "…" for the rest. */
export function toExcerpt(text: string): string {
  // A character has at most two code units: the slice holds enough of them and keeps a large text out.
  const characters = Array.from(
    text
      .slice(0, 2 * maxCharacters + 2)
      .replaceAll(/\s+/g, " ")
      .trim(),
  );
  const shown = characters.slice(0, maxCharacters).join("").toWellFormed();
  return characters.length > maxCharacters || text.length > 2 * maxCharacters + 2 ? `${shown}…` : shown;
}

/** The text parts of a message. */
export function toPlainText({ content }: Message): string {
  return content.map((part) => (part.type === "text" ? part.text : "")).join(" ");
}
