import type { FinishReason, TokenLogprob, Usage } from "../../core/generation.ts";
import { createId } from "../../core/ids.ts";

/** What all parts of one answer have in common. */
export interface AnswerHeader {
  id: string;
  /** Unix seconds. */
  created: number;
  model: string;
}

export function createHeader(prefix: "chatcmpl-" | "cmpl-", model: string): AnswerHeader {
  return { id: createId(prefix, 29), created: Math.floor(Date.now() / 1000), model };
}

export const finishReasons = {
  stop: "stop",
  length: "length",
  "tool-calls": "tool_calls",
  "content-filter": "content_filter",
} as const satisfies Record<FinishReason, string>;

/** OpenAI's usage object; the nested ones are always there because clients read into them. */
export function encodeUsage(usage: Usage) {
  return {
    prompt_tokens: usage.promptTokens,
    completion_tokens: usage.completionTokens,
    total_tokens: usage.promptTokens + usage.completionTokens,
    prompt_tokens_details: { cached_tokens: usage.cachedTokens ?? 0, audio_tokens: 0 },
    completion_tokens_details: {
      reasoning_tokens: usage.reasoningTokens ?? 0,
      audio_tokens: 0,
      accepted_prediction_tokens: 0,
      rejected_prediction_tokens: 0,
    },
  };
}

/** Chat's logprobs of a choice or a chunk. */
export function encodeLogprobs(tokens: readonly TokenLogprob[]) {
  return { content: encodeTokenLogprobs(tokens), refusal: null };
}

export function encodeTokenLogprobs(tokens: readonly TokenLogprob[]) {
  return tokens.map((token) => ({ ...encodeLogprob(token), top_logprobs: token.top.map(encodeLogprob) }));
}

function encodeLogprob({ token, logprob, bytes }: TokenLogprob["top"][number]) {
  return { token, logprob: toLogprob(logprob), bytes };
}

/** OpenAI's number for a token that is as good as impossible; JSON has none for its logarithm. */
const leastLogprob = -9_999;

export function toLogprob(logprob: number): number {
  return Number.isFinite(logprob) ? logprob : leastLogprob;
}
