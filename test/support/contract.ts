import { expect } from "bun:test";
import type { EventBatch, GenerationEvent } from "../../src/core/generation.ts";

/** Fails the test unless `batches` are one whole answer that keeps the contract written above `GenerationEvent`. */
export function assertContract(batches: readonly EventBatch[], choices = 1): void {
  expect(batches.filter((batch) => batch.length === 0)).toEqual([]);
  const faults = [...contractFaults(batches.flat(), choices)];
  expect(faults).toEqual([]);
}

/** What breaks the contract, in words. `choices` is how many answers were asked for. */
export function* contractFaults(events: readonly GenerationEvent[], choices: number): Generator<string> {
  const finished = new Set<number>();
  const openCalls = new Map<number, number>();
  let usageSeen = false;
  for (const [position, event] of events.entries()) {
    const where = `event ${position} (${event.type})`;
    if (usageSeen) yield `${where} comes after usage`;
    if ("choice" in event) {
      if (event.choice < 0 || event.choice >= choices) yield `${where} is of choice ${event.choice}`;
      if (finished.has(event.choice)) yield `${where} comes after the finish of its choice`;
    }
    switch (event.type) {
      case "tool-call-start":
        if (event.index <= (openCalls.get(event.choice) ?? -1)) yield `${where} opens a call again`;
        openCalls.set(event.choice, event.index);
        break;
      case "tool-call-delta":
        if (openCalls.get(event.choice) !== event.index) yield `${where} is of a call that is not open`;
        break;
      case "finish":
        finished.add(event.choice);
        break;
      case "usage":
        if (finished.size < choices) yield `${where} comes before every choice has finished`;
        usageSeen = true;
        break;
      case "text-delta":
      case "reasoning-delta":
      case "refusal-delta":
      case "metadata":
        break;
    }
  }
  for (let choice = 0; choice < choices; choice++) {
    if (!finished.has(choice)) yield `choice ${choice} has no finish`;
  }
}
