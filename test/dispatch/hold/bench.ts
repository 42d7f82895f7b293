import { collect } from "../../../src/core/collect.ts";
import { ServeError } from "../../../src/core/error.ts";
import type {
  EventBatch,
  GenerationRequest,
  Message,
  OutputFormat,
  Tool,
} from "../../../src/core/generation.ts";
import { createAdmission } from "../../../src/dispatch/admission.ts";
import type { Timeouts } from "../../../src/dispatch/deadlines.ts";
import { createDispatch } from "../../../src/dispatch/dispatch.ts";
import { createRegistry } from "../../../src/dispatch/registry.ts";
import { createSchemaChecker } from "../../../src/json-schema/checker.ts";
import { callContext, memoryLog, run, textRequest } from "../../support/calls.ts";
import { characterTokens } from "../../support/character-tokens.ts";
import { callDelta, callStart, finish, text } from "../../support/events.ts";
import { type ScriptedBackend, scripted, type Step } from "../../support/scripted.ts";

/** Its thread lives as long as the test run. */
const schemas = createSchemaChecker(memoryLog());

export const city = {
  type: "object",
  properties: { city: { type: "string" } },
  required: ["city"],
  additionalProperties: false,
};
export const format = {
  kind: "json-schema",
  name: "city",
  schema: city,
  strict: true,
} as const satisfies OutputFormat;
export const weather: Tool = { kind: "function", name: "weather", parameters: city };
export const strictWeather: Tool = { ...weather, strict: true };
export const news: Tool = { kind: "function", name: "news" };

export interface BenchOptions {
  /** What the backend enforces. */
  enforces?: { json?: boolean; toolChoice?: boolean };
  maxRepairs?: number;
  timeouts?: Partial<Timeouts>;
  contextTokens?: number;
}

/** A dispatch in front of a backend that enforces nothing: `scripts` are played one after the other, one for each call. */
export function createBench(scripts: readonly (readonly Step[])[], options: BenchOptions = {}) {
  const { enforces = {}, maxRepairs = 2, contextTokens } = options;
  const backend = scripted((_, call) => scripts[call] ?? [new ServeError("internal", "One call too many.")], {
    capabilities: { json: false, toolChoice: false, ...enforces },
    models: [{ id: "scripted", ownedBy: "tests", ...(contextTokens !== undefined && { contextTokens }) }],
  });
  const generate = createDispatch({
    registry: createRegistry({ backends: [backend], models: {}, tokenModel: "gpt-4" }),
    admission: createAdmission({ maxConcurrency: 64, maxQueue: 1 }),
    tokens: characterTokens(),
    schemas,
    maxPromptBytes: 100_000,
    maxRepairs,
    maxDepth: 8,
    strict: false,
    timeouts: { firstTokenMs: 0, betweenTokensMs: 0, totalMs: 0, ...options.timeouts },
    observe: () => ({ events() {}, end() {}, failed() {} }),
  });
  const start = async (request: Partial<GenerationRequest>, signal?: AbortSignal) => {
    const { events } = await generate([textRequest({ model: "scripted", ...request })], callContext(signal), {
      usage: true,
    });
    return events;
  };
  return {
    backend,
    start,
    outcome: async (request: Partial<GenerationRequest>) => run(await start(request)),
    generation: async (request: Partial<GenerationRequest>) => collect(await start(request)),
  };
}

export const says = (value: string): EventBatch[] => [[text(value)], [finish()]];
export const calls = (name: string, value: string): EventBatch[] => [
  [callStart(0, name), callDelta(0, value)],
  [finish("tool-calls")],
];
export const prompts = (backend: ScriptedBackend): (readonly Message[])[] =>
  backend.seen.map(({ prompt }) => (prompt.kind === "messages" ? prompt.messages : []));
export const wordsOf = (message: Message | undefined): string =>
  (message?.content ?? []).map((part) => (part.type === "text" ? part.text : "")).join("");
