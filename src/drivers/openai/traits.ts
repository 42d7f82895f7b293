import type { Capabilities, Sampling } from "../../core/generation.ts";
import { isOwnField } from "../../core/own-fields.ts";

/** In what OpenAI-compatible servers differ. */
export interface Traits {
  /** Choices that one call gives; 1 is always right, as dispatch makes more calls. */
  choices: number;
  /** Takes `top_k`, which is not OpenAI's. */
  topK: boolean;
  logprobs: boolean;
  /** What of `response_format` it keeps. */
  structured: "schema" | "object" | "none";
  /** Keeps to `tool_choice` and to strict tools. */
  enforcesTools: boolean;
  /** Has `/completions`, for all models or some; the others get a bare prompt as a message. */
  completions: boolean | RegExp;
  embeddings: boolean;
  maxTokensField: "max_tokens" | "max_completion_tokens";
  /** Knows the role `developer`; others get `system`. */
  developerRole: boolean;
  /** Knows `tool_choice` of the type `allowed_tools`; others get only those tools. */
  allowedTools: boolean;
}

/** Of a server that nothing is known of. */
export const generalTraits: Traits = {
  choices: 1,
  topK: true,
  logprobs: true,
  structured: "schema",
  enforcesTools: true,
  completions: true,
  embeddings: true,
  maxTokensField: "max_tokens",
  developerRole: false,
  allowedTools: false,
};

const sampling: readonly (keyof Sampling)[] = [
  "maxTokens",
  "temperature",
  "topP",
  "seed",
  "frequencyPenalty",
  "presencePenalty",
  "logitBias",
  "stop",
];

/** The fields of `extra` that are sent on: the server judges what it does not know. */
export function isForwarded(name: string): boolean {
  return !isOwnField(name);
}

/** Everything that the protocol has, as far as the server is not known to lack it. */
export function toCapabilities(traits: Traits, model: string): Capabilities {
  const hasCompletions = hasCompletionsFor(traits, model);
  const isEnforced = traits.structured === "schema" && traits.enforcesTools;
  return {
    text: true,
    ...(traits.embeddings ? { embeddings: { dimensions: true } } : {}),
    choices: traits.choices,
    sampling: new Set(traits.topK ? [...sampling, "topK"] : sampling),
    cutsStop: true,
    extra: { has: isForwarded },
    logprobs: traits.logprobs,
    echoLogprobs: false,
    bestOf: false,
    tools: true,
    toolChoice: traits.enforcesTools,
    freeChoice: isEnforced,
    images: true,
    audio: true,
    files: true,
    suffix: hasCompletions,
    tokenPrompts: hasCompletions,
    json: traits.structured === "schema",
    reasoningEffort: true,
    reportsLength: true,
  };
}

export function hasCompletionsFor({ completions }: Traits, model: string): boolean {
  return typeof completions === "boolean" ? completions : completions.test(model);
}
