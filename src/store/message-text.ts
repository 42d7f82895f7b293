import type { Message } from "../core/generation.ts";
import { stringifyInTurns } from "../core/json-in-turns.ts";
import { nextTurn } from "../core/next-turn.ts";

/** Characters of JSON read or written before other work gets its turn, a few milliseconds. */
const charactersATurn = 524_288;

/** What a conversation costs besides its messages. */
export const conversationBytes = 512;
/** What a message costs besides its text. */
const messageBytes = 64;

/** What messages cost a store. */
export function sizeOfTexts(texts: readonly string[]): number {
  return texts.reduce((sum, text) => sum + messageBytes + Buffer.byteLength(text), 0);
}

/** Messages as a store keeps them: JSON, one text for each. */
export async function toTexts(messages: readonly Message[]): Promise<string[]> {
  const texts: string[] = [];
  let left = charactersATurn;
  for (const message of messages) {
    const text = await stringifyInTurns(message);
    texts.push(text);
    left -= text.length;
    if (left > 0) continue;
    await nextTurn();
    left = charactersATurn;
  }
  return texts;
}

/** What `toTexts` has written. */
export async function ofTexts(texts: readonly string[]): Promise<Message[]> {
  const messages: Message[] = [];
  let left = charactersATurn;
  for (const text of texts) {
    // Nobody but `toTexts` writes them.
    const message: Message = JSON.parse(text);
    messages.push(message);
    left -= text.length;
    if (left > 0) continue;
    await nextTurn();
    left = charactersATurn;
  }
  return messages;
}
