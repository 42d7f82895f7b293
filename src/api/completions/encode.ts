import type { Generation } from "../../core/collect.ts";
import { countCodePoints } from "../../core/code-points.ts";
import type { FinishReason } from "../../core/generation.ts";
import { type AnswerHeader, encodeUsage } from "../common/header.ts";
import { encodeLegacyLogprobs, type LogprobStart } from "./logprobs.ts";

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

/** The number of the prompt that a choice continues. */
export function promptIndex(choice: number, options: EncodeOptions): number {
  return Math.floor(choice / options.choicesPerPrompt);
}

/** Where the tokens of each prompt's answers begin. With `echo`, a backend gives those of the prompt as well. */
export function logprobStarts({ prompts, echo, logprobs }: EncodeOptions): LogprobStart[] {
  return prompts.map((prompt) => ({
    offset: logprobs && !echo ? countCodePoints(prompt) : 0,
    isPrompt: echo,
  }));
}

/** Whole answers as `text_completion`. */
export function encode(generation: Generation, header: AnswerHeader, options: EncodeOptions) {
  const starts = logprobStarts(options);
  return {
    id: header.id,
    object: "text_completion",
    created: header.created,
    model: header.model,
    choices: generation.choices.map((choice) => {
      const prompt = promptIndex(choice.index, options);
      const start = starts[prompt];
      return {
        text: options.echo ? `${options.prompts[prompt] ?? ""}${choice.text}` : choice.text,
        index: choice.index,
        logprobs:
          options.logprobs && start !== undefined ? encodeLegacyLogprobs(choice.logprobs, start) : null,
        finish_reason: completionFinishReasons[choice.finish],
      };
    }),
    usage: encodeUsage(generation.usage),
    system_fingerprint: null,
  };
}
