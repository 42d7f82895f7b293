import type { TokenLogprob } from "../../core/generation.ts";

/** Legacy logprobs: parallel arrays; offsets count characters from the start of the prompt. */
export function encodeLegacyLogprobs(tokens: readonly TokenLogprob[], firstOffset: number) {
  let offset = firstOffset;
  return {
    tokens: tokens.map(({ token }) => token),
    token_logprobs: tokens.map(({ logprob }) => logprob),
    top_logprobs: tokens.map(({ token, logprob, top }) =>
      top.length === 0
        ? null
        : Object.fromEntries([...top.map((entry) => [entry.token, entry.logprob]), [token, logprob]]),
    ),
    text_offset: tokens.map(({ token }) => {
      const start = offset;
      offset += token.length;
      return start;
    }),
  };
}
