import type { Message } from "../../core/generation.ts";

/** The text parts of a message, refusals included, joined. Other parts have no place in a text prompt. */
export function textOf(message: Message): string {
  let text = "";
  for (const part of message.content) {
    if (part.type === "text" || part.type === "refusal") text += part.text;
  }
  return text;
}

/** Those of the texts that are not empty, with `separator` between them. */
export function joinTexts(texts: readonly string[], separator: string): string {
  return texts.filter((text) => text !== "").join(separator);
}

/**
 * What an assistant said after it thought. Models of today are not shown their earlier thoughts: their official
 * templates leave them out.
 */
export function withoutThinking(text: string): string {
  const close = "</think>";
  if (!text.trimStart().startsWith("<think>")) return text;
  const end = text.lastIndexOf(close);
  return end === -1 ? text : text.slice(end + close.length).trimStart();
}
