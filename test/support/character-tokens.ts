import type { TokenCounter } from "../../src/tokens/counter.ts";

export interface CharacterTokens extends TokenCounter {
  /** Texts of every count so far. */
  readonly counted: readonly (readonly string[])[];
}

/** A tokenizer for which each UTF-16 unit is a token and its own id. */
export function characterTokens(): CharacterTokens {
  const counted: (readonly string[])[] = [];
  return {
    counted,
    async count(_encoding, texts) {
      if (texts.some((text) => text !== "")) counted.push(texts);
      return { counts: texts.map((text) => text.length), isExact: true };
    },
    encode: async (_encoding, text) =>
      Uint32Array.from({ length: text.length }, (_, at) => text.charCodeAt(at)),
    spell: async (_encoding, tokens) => Array.from(tokens, (token) => String.fromCharCode(token)),
    decode: async (_encoding, tokens) => String.fromCharCode(...tokens),
    close: () => {},
  };
}
