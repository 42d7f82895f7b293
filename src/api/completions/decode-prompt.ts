import { ServeError } from "../../core/error.ts";
import type { Prompt } from "../../core/generation.ts";
import { maxChoices } from "../common/fields.ts";

/** What OpenAI completes when no prompt is given: the start of a document. */
const emptyPrompt: Prompt = { kind: "text", text: "<|endoftext|>" };
const maxTokens = 262_144;

/** The prompts of a legacy request: text, texts, token ids, or several lists of them. Throws `invalid_request`. */
export function decodePrompts(prompt: unknown): Prompt[] {
  if (prompt === undefined || prompt === null) return [emptyPrompt];
  if (typeof prompt === "string") return [{ kind: "text", text: prompt }];
  if (!Array.isArray(prompt)) throw invalidType("prompt", "a string or an array");
  const items: readonly unknown[] = prompt;
  if (items.length === 0) throw empty("prompt");
  if (typeof items[0] === "number") return [{ kind: "tokens", tokens: decodeTokens(items, "prompt") }];
  if (items.length > maxChoices) throw tooLong("prompt", maxChoices);
  if (typeof items[0] === "string") return items.map(decodeText);
  return items.map(decodeTokenList);
}

function decodeText(item: unknown): Prompt {
  if (typeof item !== "string") throw invalidType("prompt", "an array of one kind of item");
  return { kind: "text", text: item };
}

function decodeTokenList(item: unknown, index: number): Prompt {
  if (!Array.isArray(item)) throw invalidType("prompt", "an array of one kind of item");
  if (item.length === 0) throw empty(`prompt[${index}]`);
  return { kind: "tokens", tokens: decodeTokens(item, `prompt[${index}]`) };
}

function decodeTokens(items: readonly unknown[], param: string): number[] {
  if (items.length > maxTokens) throw tooLong(param, maxTokens);
  const tokens: number[] = [];
  for (const item of items) {
    if (typeof item !== "number" || !Number.isInteger(item))
      throw invalidType("prompt", "an array of one kind of item");
    if (item < 0 || item > 4_294_967_295) {
      throw new ServeError("invalid_request", `'${param}' has a number that is no token.`, {
        code: "invalid_value",
        param,
      });
    }
    tokens.push(item);
  }
  return tokens;
}

function invalidType(param: string, expected: string): ServeError {
  return new ServeError("invalid_request", `'${param}' must be ${expected}.`, {
    code: "invalid_type",
    param,
  });
}

function empty(param: string): ServeError {
  return new ServeError("invalid_request", `'${param}' must not be empty.`, { code: "empty_array", param });
}

function tooLong(param: string, most: number): ServeError {
  return new ServeError("invalid_request", `'${param}' must have at most ${most} items.`, {
    code: "array_above_max_length",
    param,
  });
}
