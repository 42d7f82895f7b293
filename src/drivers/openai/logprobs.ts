import type { TokenLogprob } from "../../core/generation.ts";
import { isRecord, type JsonRecord } from "../../core/json.ts";

/** What stands for minus infinity, as at OpenAI. */
const least = -9_999;

/** Logprobs of a choice, in the form of chat or of legacy completions; undefined if there are none. */
export function readLogprobs(value: unknown): TokenLogprob[] | undefined {
  if (!isRecord(value)) return undefined;
  const { content, tokens } = value;
  if (Array.isArray(content)) return content.filter(isRecord).map(readToken);
  if (Array.isArray(tokens)) return readLists(tokens, value);
  return undefined;
}

function readToken(entry: JsonRecord): TokenLogprob {
  const { top_logprobs: top } = entry;
  return { ...readOne(entry), top: Array.isArray(top) ? top.filter(isRecord).map(readOne) : [] };
}

function readOne({ token, logprob, bytes }: JsonRecord): Omit<TokenLogprob, "top"> {
  return {
    token: typeof token === "string" ? token : "",
    logprob: toLogprob(logprob),
    bytes: Array.isArray(bytes) && bytes.every(isByte) ? bytes : null,
  };
}

function readLists(
  tokens: readonly unknown[],
  { token_logprobs: given, top_logprobs: tops }: JsonRecord,
): TokenLogprob[] {
  const logprobs: readonly unknown[] = Array.isArray(given) ? given : [];
  const alternatives: readonly unknown[] = Array.isArray(tops) ? tops : [];
  return tokens.map((token, index) => {
    const top = alternatives[index];
    return {
      token: typeof token === "string" ? token : "",
      logprob: toLogprob(logprobs[index]),
      bytes: null,
      top: isRecord(top)
        ? Object.entries(top).map(([text, logprob]) => ({
            token: text,
            logprob: toLogprob(logprob),
            bytes: null,
          }))
        : [],
    };
  });
}

function toLogprob(value: unknown): number {
  return typeof value === "number" && Number.isFinite(value) ? value : least;
}

function isByte(value: unknown): value is number {
  return typeof value === "number" && Number.isInteger(value) && value >= 0 && value <= 255;
}
