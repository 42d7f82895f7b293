import { collect, type Generation } from "../core/collect.ts";
import type { Generate } from "../core/generate.ts";
import type { Backend, CallContext, EmbeddingResult, GenerationRequest } from "../core/generation.ts";
import { createRequestId } from "../core/ids.ts";
import type { Log } from "../core/log.ts";
import { within } from "../core/within.ts";
import { cut, escapeJsonControls } from "../telemetry/escape.ts";
import { explainFailure } from "./explain-failure.ts";

export interface TryOptions {
  application: { backends: readonly Backend[]; generate: Generate };
  log: Log;
}

export interface Trial {
  /** For a person. */
  lines: readonly string[];
  ok: boolean;
}

const trialMs = 60_000;
const shownChars = 200;
const text = "Say hello.";

/** Asks a model for a short answer, or for a vector if that is all that it gives. At most a minute; never rejects. */
export async function tryModel(model: string, options: TryOptions): Promise<Trial> {
  const startedAt = performance.now();
  const seconds = () => `${((performance.now() - startedAt) / 1_000).toFixed(2)} s`;
  try {
    const embedder = await embedderOf(model, options);
    const outcome =
      embedder === undefined ? await generate(model, options) : await embed(model, embedder, options);
    return { lines: [`✓ ${model} ${outcome.words} (${[...outcome.facts, seconds()].join(", ")})`], ok: true };
  } catch (error) {
    return { lines: [`✗ ${model} does not answer: ${explainFailure(error)}`], ok: false };
  }
}

interface Outcome {
  words: string;
  facts: readonly string[];
}

/** The only backend, if the model makes embeddings alone. */
async function embedderOf(model: string, { application }: TryOptions): Promise<Backend | undefined> {
  const [backend] = application.backends;
  const capabilities = await inTime(async () => await backend?.capabilities(model));
  return capabilities?.text === false && backend?.embed !== undefined ? backend : undefined;
}

async function generate(model: string, { application, log }: TryOptions): Promise<Outcome> {
  const { choices, usage } = await inTime<Generation>(async (signal) => {
    const { events } = await application.generate([trialRequest(model)], contextOf(signal, log), {
      usage: true,
    });
    return await collect(events);
  });
  const [choice] = choices;
  return {
    words: `answers ${escapeJsonControls(JSON.stringify(cut(choice?.text ?? "", shownChars)))}`,
    facts: [`${usage.promptTokens}+${usage.completionTokens} tokens`, choice?.finish ?? "no answer"],
  };
}

async function embed(model: string, backend: Backend, { log }: TryOptions): Promise<Outcome> {
  const result = await inTime<EmbeddingResult | undefined>(
    async (signal) =>
      await backend.embed?.({ model, inputs: [{ kind: "text", text }], extra: {} }, contextOf(signal, log)),
  );
  return { words: `makes embeddings of ${result?.vectors[0]?.length ?? 0} numbers`, facts: [] };
}

function inTime<Result>(work: (signal: AbortSignal) => Promise<Result>): Promise<Result> {
  return within(trialMs, work, () => {
    throw new Error(`no answer in ${trialMs / 1_000} s`);
  });
}

function contextOf(signal: AbortSignal, log: Log): CallContext {
  return { requestId: createRequestId(), signal, callers: [], log };
}

function trialRequest(model: string): GenerationRequest {
  return {
    model,
    prompt: { kind: "messages", messages: [{ role: "user", content: [{ type: "text", text }] }] },
    sampling: { maxTokens: 32, temperature: 0 },
    choices: 1,
    tools: [],
    toolChoice: { mode: "none" },
    parallelToolCalls: true,
    output: { kind: "text" },
    stream: true,
    extra: {},
  };
}
