import type { Prompt } from "../../core/generation.ts";
import { decodeTokens, emptyList, mixedItems, tooManyItems, wrongType } from "../common/decode-tokens.ts";
import { maxChoices } from "../common/fields.ts";

/** What OpenAI completes when no prompt is given: the start of a document. */
const emptyPrompt: Prompt = { kind: "text", text: "<|endoftext|>" };

/** The prompts of a legacy request: text, texts, token ids, or several lists of them. Throws `invalid_request`. */
export function decodePrompts(prompt: unknown): Prompt[] {
  if (prompt === undefined || prompt === null) return [emptyPrompt];
  if (typeof prompt === "string") return [{ kind: "text", text: prompt }];
  if (!Array.isArray(prompt)) throw wrongType("prompt", "a string or an array");
  const items: readonly unknown[] = prompt;
  if (items.length === 0) throw emptyList("prompt");
  if (typeof items[0] === "number") return [{ kind: "tokens", tokens: decodeTokens(items, "prompt") }];
  if (items.length > maxChoices) throw tooManyItems("prompt", maxChoices);
  if (typeof items[0] === "string") return items.map(decodeText);
  return items.map(decodeTokenList);
}

function decodeText(item: unknown): Prompt {
  if (typeof item !== "string") throw mixedItems("prompt");
  return { kind: "text", text: item };
}

function decodeTokenList(item: unknown, index: number): Prompt {
  if (!Array.isArray(item)) throw mixedItems("prompt");
  const param = `prompt[${index}]`;
  if (item.length === 0) throw emptyList(param);
  return { kind: "tokens", tokens: decodeTokens(item, param) };
}
