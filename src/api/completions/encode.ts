import type { Generation } from "../../core/collect.ts";
import type { FinishReason } from "../../core/generation.ts";
import { type AnswerHeader, encodeUsage } from "../common/header.ts";
import { encodeLegacyLogprobs } from "./logprobs.ts";

export interface EncodeOptions {
  /** Texts of the prompts, as put in front of the answers with `echo`. */
  prompts: readonly string[];
  choicesPerPrompt: number;
  echo: boolean;
  logprobs: boolean;
}

/** This surface knows no tool calls. */
export const completionFinishReasons = {
  stop: "stop",
  length: "length",
  "tool-calls": "stop",
  "content-filter": "content_filter",
} as const satisfies Record<FinishReason, string>;

/** The prompt that a choice continues. */
export function promptOf(choice: number, options: EncodeOptions): string {
  return options.prompts[Math.floor(choice / options.choicesPerPrompt)] ?? "";
}

/** Whole answers as `text_completion`. */
export function encode(generation: Generation, header: AnswerHeader, options: EncodeOptions) {
  return {
    id: header.id,
    object: "text_completion",
    created: header.created,
    model: header.model,
    choices: generation.choices.map((choice) => {
      const prompt = promptOf(choice.index, options);
      return {
        text: options.echo ? prompt + choice.text : choice.text,
        index: choice.index,
        logprobs: options.logprobs
          ? encodeLegacyLogprobs(choice.logprobs, options.echo ? 0 : prompt.length)
          : null,
        finish_reason: completionFinishReasons[choice.finish],
      };
    }),
    usage: encodeUsage(generation.usage),
    system_fingerprint: null,
  };
}
