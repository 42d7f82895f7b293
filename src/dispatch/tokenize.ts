import type { TokenCounter } from "../tokens/counter.ts";
import { type Encoding, encodingFor } from "../tokens/encoding.ts";
import type { Registry } from "./registry.ts";

/** Tokens by the encoding that is configured for a model; an empty id is the default model. */
export interface Tokenize {
  /** `param` is the field that the text comes from. */
  tokenize(
    model: string,
    text: string,
    param: string,
  ): Promise<{ tokens: Uint32Array<ArrayBuffer>; contextTokens?: number }>;
  /** The text of each token. */
  spell(model: string, tokens: Uint32Array<ArrayBuffer>): Promise<readonly string[]>;
  /** The text of all of them. */
  detokenize(model: string, tokens: readonly number[]): Promise<string>;
}

/** All reject with `ServeError`: no such model, no such token, too long. */
export function createTokenize(registry: Registry, tokens: TokenCounter): Tokenize {
  const resolve = async (id: string): Promise<{ encoding: Encoding; contextTokens?: number }> => {
    const { tokenModel, contextTokens } = await registry.resolve(id === "" ? undefined : id);
    return { encoding: encodingFor(tokenModel), ...(contextTokens !== undefined && { contextTokens }) };
  };
  return {
    async tokenize(model, text, param) {
      const { encoding, ...limit } = await resolve(model);
      return { tokens: await tokens.encode(encoding, text, param), ...limit };
    },
    async spell(model, ids) {
      const { encoding } = await resolve(model);
      return await tokens.spell(encoding, ids);
    },
    async detokenize(model, ids) {
      const { encoding } = await resolve(model);
      return await tokens.decode(encoding, ids, "tokens");
    },
  };
}
