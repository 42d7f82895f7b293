import type { FinishReason, GenerationEvent } from "../../core/generation.ts";
import { createId } from "../../core/ids.ts";
import { toFragments, toPieces } from "./pieces.ts";

/** What the demo model answers with: a text, or calls. */
export interface Answer {
  reasoning?: string;
  text: string;
  calls: readonly Call[];
}

export interface Call {
  kind: "function" | "custom";
  name: string;
  /** JSON text of a function's arguments, or a custom tool's free text. */
  input: string;
}

/**
 * The events of choice 0: one delta for each piece, and the finish. After `maxTokens` pieces of whatever kind
 * it ends with `length`. They are made as they are read: a long answer costs nothing ahead of time.
 */
export function* toEvents(answer: Answer, maxTokens = Infinity): Generator<GenerationEvent> {
  let deltas = 0;
  for (const event of allEvents(answer)) {
    if (event.type !== "tool-call-start" && deltas++ === maxTokens) return yield finish("length");
    yield event;
  }
  yield finish(answer.calls.length > 0 ? "tool-calls" : "stop");
}

function* allEvents({ reasoning = "", text, calls }: Answer): Generator<GenerationEvent> {
  for (const piece of toPieces(reasoning)) yield { type: "reasoning-delta", choice: 0, text: piece };
  for (const piece of toPieces(text)) yield { type: "text-delta", choice: 0, text: piece, tokens: 1 };
  for (const [index, { kind, name, input }] of calls.entries()) {
    yield { type: "tool-call-start", choice: 0, index, id: createId("call_", 24), name, kind };
    for (const fragment of toFragments(input)) {
      yield { type: "tool-call-delta", choice: 0, index, arguments: fragment };
    }
  }
}

function finish(reason: FinishReason): GenerationEvent {
  return { type: "finish", choice: 0, reason };
}
