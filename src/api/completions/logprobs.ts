import { countCodePoints } from "../../core/code-points.ts";
import type { TokenLogprob } from "../../core/generation.ts";
import { toLogprob } from "../common/header.ts";

/** Where the tokens of an answer begin. */
export interface LogprobStart {
  /** Code points from the start of the prompt to the first token. */
  offset: number;
  /** The first token is the prompt's own: nothing comes before it, so it has no probability. */
  isPrompt: boolean;
}

/** Legacy logprobs: parallel arrays. Offsets count code points from the start of the prompt, as Python does. */
export function encodeLegacyLogprobs(tokens: readonly TokenLogprob[], { offset, isPrompt }: LogprobStart) {
  let next = offset;
  const isUnknown = (index: number) => isPrompt && index === 0;
  return {
    tokens: tokens.map(({ token }) => token),
    token_logprobs: tokens.map(({ logprob }, index) => (isUnknown(index) ? null : toLogprob(logprob))),
    top_logprobs: tokens.map((token, index) => (isUnknown(index) ? null : encodeTop(token))),
    text_offset: tokens.map(({ token }) => {
      const start = next;
      next += countCodePoints(token);
      return start;
    }),
  };
}

/** The token that was chosen is among them, whether or not it is likely. */
function encodeTop({ token, logprob, top }: TokenLogprob): Record<string, number> | null {
  if (top.length === 0) return null;
  return Object.fromEntries(
    [...top, { token, logprob }].map((entry) => [entry.token, toLogprob(entry.logprob)]),
  );
}
