import type { GenerationEvent } from "../../core/generation.ts";

/** `events` with no more of their text than what is from `start` to `end` of all of it. */
export function cutText(events: readonly GenerationEvent[], start: number, end: number): GenerationEvent[] {
  let at = 0;
  return events.flatMap((event): readonly GenerationEvent[] => {
    if (event.type !== "text-delta") return [event];
    const from = Math.max(0, start - at);
    const to = Math.min(event.text.length, end - at);
    at += event.text.length;
    if (from === 0 && to === event.text.length) return [event];
    return from >= to ? [] : [{ ...event, text: event.text.slice(from, to) }];
  });
}
