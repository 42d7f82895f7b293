import type { FinishReason } from "../../../core/generation.ts";

/** What a server's finish word means; `unknown` is a word that is not in the table. */
export type FinishWord = FinishReason | "running" | "failed" | "unknown";

/** Reads a finish word as servers write it, in any case. */
export function toFinishWord(word: string): FinishWord {
  return words.get(word) ?? words.get(word.toLowerCase()) ?? "unknown";
}

const words = new Map<string, FinishWord>([
  ["", "running"],
  ["null", "running"],
  ["none", "running"],
  ["stop", "stop"],
  ["eos", "stop"],
  ["eos_token", "stop"],
  ["end_turn", "stop"],
  ["stop_sequence", "stop"],
  ["length", "length"],
  ["max_tokens", "length"],
  ["content_filter", "content-filter"],
  ["abort", "failed"],
  ["aborted", "failed"],
  ["timeout", "failed"],
  ["error", "failed"],
  ["cancelled", "failed"],
  ["canceled", "failed"],
]);
