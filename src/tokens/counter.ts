import { ServeError } from "../core/error.ts";
import type { Log } from "../core/log.ts";
import { createCountCache } from "./count-cache.ts";
import type { Encoding } from "./encoding.ts";
import { isToken } from "./encoding.ts";
import { estimateTokens } from "./estimate.ts";
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
   * (`invalid_value`, `prompt`) for an id that the encoding does not have, with `unavailable` when the decoder
   * does not answer.
   */
  decode(encoding: Encoding, tokens: readonly number[]): Promise<string>;
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

    async decode(encoding, tokens) {
      const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
      let text = "";
      for (let start = 0; start < tokens.length; start += sliceLength) {
        const slice = tokens.slice(start, start + sliceLength);
        assertTokens(encoding, slice);
        const bytes = await tokenizer.decode(encoding, new Uint32Array(slice));
        if (bytes === undefined) {
          throw new ServeError("unavailable", "The prompt's tokens could not be decoded.", {
            code: "tokenizer_unavailable",
            retryAfterSeconds: 1,
          });
        }
        text += decoder.decode(bytes, { stream: true });
      }
      return text + decoder.decode();
    },

    close() {
      tokenizer.close();
    },
  };
}

function assertTokens(encoding: Encoding, tokens: readonly number[]): void {
  if (tokens.every((token) => isToken(encoding, token))) return;
  throw new ServeError(
    "invalid_request",
    "`prompt` has a token id that the model's encoding does not have.",
    {
      code: "invalid_value",
      param: "prompt",
    },
  );
}
