import { ServeError } from "../core/error.ts";
import type { Log } from "../core/log.ts";
import { createCountCache } from "./count-cache.ts";
import type { Encoding } from "./encoding.ts";
import { isToken } from "./encoding.ts";
import { estimateTokens } from "./estimate.ts";
import { maxCharacters } from "./limits.ts";
import { createTokenizer } from "./tokenizer.ts";

export interface TokenCounts {
  /** Of each text, in their order. */
  counts: readonly number[];
  /** False when at least one is an estimate. */
  isExact: boolean;
}

/** Counts and decodes tokens in a thread of its own, started by the first call. */
export interface TokenCounter {
  /**
   * Tokens of each text, in their order; what looks like a special token counts as plain text. Exact if that
   * takes at most 250 ms (2 s more while the encoding is being loaded), else a quarter of the code points.
   * Never rejects. Ask for all texts of a request at once. Short texts that come again are remembered.
   */
  count(encoding: Encoding, texts: readonly string[]): Promise<TokenCounts>;
  /**
   * The text that `tokens` stand for; bytes that are no UTF-8 become U+FFFD. Rejects with `invalid_request`
   * (`invalid_value`, of the field `param`) for an id that the encoding does not have, with `unavailable` when the
   * decoder does not answer.
   */
  decode(encoding: Encoding, tokens: readonly number[], param?: string): Promise<string>;
  /**
   * The text of each of `tokens`, at most 65,536; a token that is a part of a character has U+FFFD in its text.
   * Rejects as `decode` does.
   */
  spell(encoding: Encoding, tokens: Uint32Array<ArrayBuffer>): Promise<readonly string[]>;
  /**
   * The tokens of `text`, at most a million characters; what looks like a special token is plain text. Rejects with
   * `invalid_request` of the field `param` for a longer one, with `unavailable` when the encoder does not answer.
   */
  encode(encoding: Encoding, text: string, param?: string): Promise<Uint32Array<ArrayBuffer>>;
  /** Ends the thread. Counts still wanted, and later ones that are not remembered, are estimates. */
  close(): void;
}

/** Tokens decoded in one go, so that handing them over does not hold up other work. */
const sliceLength = 65_536;

/** A request of more texts than that is not looked up: it would push out what comes again. */
const rememberedTexts = 512;

const unknown = -1;

/** `startWorker` starts the thread, again when it died, but not for ever. */
export function createTokenCounter(log: Log, startWorker?: () => Worker): TokenCounter {
  const tokenizer = createTokenizer(log, startWorker);
  const cache = createCountCache();

  const ask = async (encoding: Encoding, texts: readonly string[]): Promise<TokenCounts> => {
    const counts = await tokenizer.count(encoding, texts);
    if (counts !== undefined) return { counts, isExact: true };
    log.debug("tokens are estimated", { encoding, texts: texts.length });
    return { counts: await estimateTokens(texts), isExact: false };
  };

  return {
    async count(encoding, texts) {
      if (texts.length > rememberedTexts) return ask(encoding, texts);
      const counts: number[] = [];
      const missing: string[] = [];
      for (const text of texts) {
        const known = text === "" ? 0 : cache.get(encoding, text);
        counts.push(known ?? unknown);
        if (known === undefined) missing.push(text);
      }
      if (missing.length === 0) return { counts, isExact: true };
      const found = await ask(encoding, missing);
      let next = 0;
      for (const [index, count] of counts.entries()) {
        if (count === unknown) counts[index] = found.counts[next++] ?? 0;
      }
      if (found.isExact) {
        for (const [index, text] of missing.entries()) cache.set(encoding, text, found.counts[index] ?? 0);
      }
      return { counts, isExact: found.isExact };
    },

    async decode(encoding, tokens, param = "prompt") {
      const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
      let text = "";
      for (let start = 0; start < tokens.length; start += sliceLength) {
        const slice = tokens.slice(start, start + sliceLength);
        assertTokens(encoding, slice, param);
        const bytes = await tokenizer.decode(encoding, new Uint32Array(slice));
        if (bytes === undefined) throw noAnswer("The tokens could not be decoded.");
        text += decoder.decode(bytes, { stream: true });
      }
      return text + decoder.decode();
    },

    async spell(encoding, tokens) {
      assertTokens(encoding, tokens, "tokens");
      const texts = tokens.length > sliceLength ? undefined : await tokenizer.spell(encoding, tokens);
      if (texts === undefined) throw noAnswer("The tokens could not be decoded.");
      return texts;
    },

    async encode(encoding, text, param = "prompt") {
      if (text.length > maxCharacters) {
        throw new ServeError("invalid_request", `'${param}' is longer than ${maxCharacters} characters.`, {
          code: "string_above_max_length",
          param,
        });
      }
      const tokens = await tokenizer.encode(encoding, text);
      if (tokens === undefined) throw noAnswer("The text could not be encoded.");
      return tokens;
    },

    close() {
      tokenizer.close();
    },
  };
}

function noAnswer(message: string): ServeError {
  return new ServeError("unavailable", message, { code: "tokenizer_unavailable", retryAfterSeconds: 1 });
}

function assertTokens(encoding: Encoding, tokens: ArrayLike<number>, param: string): void {
  for (let index = 0; index < tokens.length; index++) {
    if (isToken(encoding, tokens[index] ?? -1)) continue;
    throw new ServeError(
      "invalid_request",
      `'${param}' has a token id that the model's encoding does not have.`,
      { code: "invalid_value", param },
    );
  }
}
