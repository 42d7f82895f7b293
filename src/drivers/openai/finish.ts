import type { FinishReason } from "../../core/generation.ts";

const words: Readonly<Record<string, FinishReason | "failed">> = {
  stop: "stop",
  eos: "stop",
  eos_token: "stop",
  end_turn: "stop",
  stop_sequence: "stop",
  length: "length",
  max_tokens: "length",
  max_output_tokens: "length",
  model_length: "length",
  limit: "length",
  tool_calls: "tool-calls",
  tool_call: "tool-calls",
  tool_use: "tool-calls",
  function_call: "tool-calls",
  content_filter: "content-filter",
  safety: "content-filter",
  recitation: "content-filter",
  blocklist: "content-filter",
  prohibited_content: "content-filter",
  refusal: "content-filter",
  error: "failed",
  abort: "failed",
  cancelled: "failed",
};

/** What a server's word for the end of a choice means; undefined for a word that nobody knows. */
export function readFinish(word: string): FinishReason | "failed" | undefined {
  const known = word.toLowerCase();
  return Object.hasOwn(words, known) ? words[known] : undefined;
}
