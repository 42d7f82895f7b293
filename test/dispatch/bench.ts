import { collect } from "../../src/core/collect.ts";
import type { EventBatch, GenerationEvent, GenerationRequest } from "../../src/core/generation.ts";
import { createAdmission } from "../../src/dispatch/admission.ts";
import type { ModelSettings } from "../../src/dispatch/defaults.ts";
import { createDispatch } from "../../src/dispatch/dispatch.ts";
import { createRegistry } from "../../src/dispatch/registry.ts";
import { createSchemaChecker } from "../../src/json-schema/checker.ts";
import { callContext, memoryLog, textRequest } from "../support/calls.ts";
import { characterTokens } from "../support/character-tokens.ts";
import { finish, text } from "../support/events.ts";
import type { ScriptedBackend } from "../support/scripted.ts";

export interface BenchOptions {
  maxConcurrency?: number;
  strict?: boolean;
  /** What the operator says of the one model. */
  rule?: ModelSettings;
}

/** What the observer saw. */
interface Seen {
  models: string[];
  events: GenerationEvent[];
  ends: (string | undefined)[];
  failures: unknown[];
}

/** A dispatch in front of one backend. */
export function createBench(
  backend: ScriptedBackend,
  { maxConcurrency = 64, strict = false, rule }: BenchOptions = {},
) {
  const tokens = characterTokens();
  const seen: Seen = { models: [], events: [], ends: [], failures: [] };
  const generate = createDispatch({
    registry: createRegistry({
      backends: [backend],
      models: rule === undefined ? {} : { scripted: { backend: backend.id, ...rule } },
      tokenModel: "gpt-4",
    }),
    admission: createAdmission({ maxConcurrency, maxQueue: 1 }),
    tokens,
    schemas: createSchemaChecker(memoryLog()),
    maxPromptBytes: 10_000,
    maxRepairs: 0,
    maxDepth: 8,
    strict,
    timeouts: { firstTokenMs: 0, betweenTokensMs: 0, totalMs: 0 },
    observe({ model }) {
      seen.models.push(model);
      return {
        events: (batch) => void seen.events.push(...batch),
        end: (source) => void seen.ends.push(source),
        failed: (error) => void seen.failures.push(error),
      };
    },
  });
  /** Runs requests to their end and folds the events. */
  const generation = async (requests: readonly GenerationRequest[], wantsUsage = true) => {
    const { events } = await generate(requests, callContext(), { usage: wantsUsage });
    return await collect(events);
  };
  return { generate, generation, tokens, seen };
}

export const textPrompt = (value: string, more: Partial<GenerationRequest> = {}) =>
  textRequest({ model: "scripted", prompt: { kind: "text", text: value }, ...more });

/** The shortest request. */
export const one = textPrompt("Hi");
export const answer = (value: string): EventBatch[] => [[text(value)], [finish()]];
