import { collect, type Generation } from "../core/collect.ts";
import type { Generate } from "../core/generate.ts";
import type { Backend, GenerationRequest, Inspection } from "../core/generation.ts";
import { createRequestId } from "../core/ids.ts";
import type { Log } from "../core/log.ts";
import { within } from "../core/within.ts";
import type { Config } from "../config/config.ts";
import { cut, escapeJsonControls } from "../telemetry/escape.ts";
import { checkBackends } from "./check.ts";
import { explainFailure } from "./explain-failure.ts";

export interface ProbeOptions {
  /** As the operator wrote it. */
  endpoint: string;
  /** Name of the model to try; the first that the server lists when absent. */
  model?: string;
  /** Has one backend, the one that is probed. */
  config: Config;
  /** What was made of `config`. */
  application: { backends: readonly Backend[]; generate: Generate };
  log: Log;
}

export interface ProbeReport {
  /** For a person, a line per finding. */
  lines: readonly string[];
  /** Whether the server is ready, says what it has, and answered. */
  ok: boolean;
}

const trialMs = 60_000;
const shownChars = 200;

/** Asks a model server what it is and has, then for a short answer. Bounded in time; never rejects. */
export async function runProbe(options: ProbeOptions): Promise<ProbeReport> {
  const { application, config, endpoint } = options;
  const { lines, ok, models } = await checkBackends(application.backends, config);
  if (!ok) return { lines, ok };
  const found = [...lines, ...(await inspectAll(application.backends))];
  const model = options.model ?? models[0]?.id;
  if (model === undefined) return { lines: [...found, `✗ ${endpoint} serves no model`], ok: false };
  const trial = await tryModel(model, options);
  return { lines: [...found, ...trial.lines], ok: trial.ok };
}

const inspectMs = 30_000;

async function inspectAll(backends: readonly Backend[]): Promise<string[]> {
  const inspections = await Promise.all(
    backends.map((backend) =>
      within<Inspection | undefined>(
        inspectMs,
        async (signal) => await backend.inspect?.(signal),
        () => undefined,
      ).catch(() => undefined),
    ),
  );
  return inspections.flatMap((inspection) => (inspection === undefined ? [] : inspectionLines(inspection)));
}

function inspectionLines({ server, models, skipped }: Inspection): string[] {
  return [
    ...(server === undefined ? [] : [`✓ the server is ${server}`]),
    ...models.flatMap(({ id, facts }) => [
      `  ${id}`,
      ...facts.map(({ name, value }) => `    ${name.padEnd(10)}  ${value}`),
    ]),
    ...skipped.map(({ name, reason }) => `  ${name} is not served: ${reason}`),
  ].map((line) => escapeJsonControls(line));
}

async function tryModel(model: string, { application, log }: ProbeOptions): Promise<ProbeReport> {
  const startedAt = performance.now();
  try {
    const { choices, usage } = await within<Generation>(
      trialMs,
      async (signal) => {
        const context = { requestId: createRequestId(), signal, depth: 0, log };
        const { events } = await application.generate([trialRequest(model)], context, { usage: true });
        return await collect(events);
      },
      () => {
        throw new Error(`no answer in ${trialMs / 1_000} s`);
      },
    );
    const [choice] = choices;
    const seconds = ((performance.now() - startedAt) / 1_000).toFixed(2);
    const facts = `${usage.promptTokens}+${usage.completionTokens} tokens, ${choice?.finish ?? "no answer"}, ${seconds} s`;
    return { lines: [`✓ ${model} answers ${quoted(choice?.text ?? "")} (${facts})`], ok: true };
  } catch (error) {
    return { lines: [`✗ ${model} does not answer: ${explainFailure(error)}`], ok: false };
  }
}

function trialRequest(model: string): GenerationRequest {
  const text = "Say hello.";
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

function quoted(text: string): string {
  return escapeJsonControls(JSON.stringify(cut(text, shownChars)));
}
