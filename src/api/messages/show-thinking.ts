import type { EventBatch, GenerationEvent } from "../../core/generation.ts";
import type { ThinkingDisplay } from "./decode.ts";

/** What stands where a backend signs nothing: clients keep no thinking without one. */
export const unsigned = "unsigned";

/** The events with what the client wants to see of the model's thoughts. */
export function showThinking(
  batches: AsyncIterable<EventBatch>,
  display: ThinkingDisplay,
): AsyncIterable<EventBatch> {
  return display === "shown" ? batches : without(batches, display === "omitted" ? onlySignature : nothing);
}

type Reasoning = Extract<GenerationEvent, { type: "reasoning-delta" }>;

async function* without(
  batches: AsyncIterable<EventBatch>,
  replace: (event: Reasoning) => readonly GenerationEvent[],
): AsyncGenerator<EventBatch> {
  for await (const batch of batches) {
    const kept = batch.flatMap((event) => (event.type === "reasoning-delta" ? replace(event) : [event]));
    if (kept.length > 0) yield kept;
  }
}

function onlySignature(event: Reasoning): readonly GenerationEvent[] {
  return [{ ...event, text: "", signature: event.signature ?? unsigned }];
}

function nothing(): readonly GenerationEvent[] {
  return [];
}
