import type { FinishReason, GenerationEvent, Usage } from "../../src/core/generation.ts";

type EventOf<Type extends GenerationEvent["type"]> = Extract<GenerationEvent, { type: Type }>;

export function text(value: string, choice = 0): EventOf<"text-delta"> {
  return { type: "text-delta", choice, text: value };
}

/** Text that the backend sent as one token. */
export function token(value: string, choice = 0): EventOf<"text-delta"> {
  return { type: "text-delta", choice, text: value, tokens: 1 };
}

export function finish(reason: FinishReason = "stop", choice = 0): EventOf<"finish"> {
  return { type: "finish", choice, reason };
}

export function callStart(index: number, name: string, choice = 0): EventOf<"tool-call-start"> {
  return { type: "tool-call-start", choice, index, id: `call_${choice}_${index}`, name, kind: "function" };
}

export function callDelta(index: number, value: string, choice = 0): EventOf<"tool-call-delta"> {
  return { type: "tool-call-delta", choice, index, arguments: value };
}

export function usage(
  promptTokens: number,
  completionTokens: number,
  more: Partial<Usage> = {},
): EventOf<"usage"> {
  return { type: "usage", usage: { promptTokens, completionTokens, ...more } };
}
