import type { Config } from "../config/config.ts";
import { nearest } from "../config/nearest.ts";
import type { Generate } from "../core/generate.ts";
import type { Backend, Inspection, ModelDescription } from "../core/generation.ts";
import type { Log } from "../core/log.ts";
import { within } from "../core/within.ts";
import { escapeJsonControls } from "../telemetry/escape.ts";
import { checkBackends } from "./check.ts";
import { tryModel } from "./try-model.ts";

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

/** Asks a model server what it is and has, then for a short answer. Bounded in time; never rejects. */
export async function runProbe(options: ProbeOptions): Promise<ProbeReport> {
  const { application, config } = options;
  // That a model is missing is said in words of this command.
  const { lines, ok, models } = await checkBackends(application.backends, { ...config, models: {} });
  if (!ok) return { lines, ok };
  const inspections = await inspectAll(application.backends);
  const found = [
    ...lines,
    ...inspections.flatMap((inspection) => inspectionLines(inspection, options.model)),
  ];
  const fault = missingModel(options, models, inspections);
  if (fault !== undefined) return { lines: [...found, escapeJsonControls(fault)], ok: false };
  const trial = await tryModel(options.model ?? models[0]?.id ?? "", options);
  return { lines: [...found, ...trial.lines], ok: trial.ok };
}

const inspectMs = 30_000;

async function inspectAll(backends: readonly Backend[]): Promise<Inspection[]> {
  const inspections = await Promise.all(
    backends.map((backend) =>
      within<Inspection | undefined>(
        inspectMs,
        async (signal) => await backend.inspect?.(signal),
        () => undefined,
      ).catch(() => undefined),
    ),
  );
  return inspections.filter((inspection) => inspection !== undefined);
}

function inspectionLines({ server, models, skipped }: Inspection, wanted: string | undefined): string[] {
  return [
    ...(server === undefined ? [] : [`✓ the server is ${server}`]),
    ...models.flatMap(({ id, facts }) => [
      `  ${id}`,
      ...facts.map(({ name, value }) => `    ${name.padEnd(10)}  ${value}`),
    ]),
    ...(wanted === undefined ? skipped.map((each) => `  ${describeSkipped(each)}`) : []),
  ].map((line) => escapeJsonControls(line));
}

/** Why there is no model to try. A server that keeps no list is asked for a named one in any case. */
function missingModel(
  { endpoint, model }: ProbeOptions,
  models: readonly ModelDescription[],
  inspections: readonly Inspection[],
): string | undefined {
  if (models.length > 0) return undefined;
  const lists = inspections.flatMap(({ listed }) => (listed === undefined ? [] : [listed]));
  const listed = lists.flat();
  if (model === undefined) {
    const isSilent = inspections.length > 0 && lists.length === 0;
    if (isSilent) return `✗ ${endpoint} does not list its models: name one with --model`;
    return lists.length > 0 && listed.length === 0
      ? `✗ ${endpoint} has no model`
      : `✗ ${endpoint} serves no model`;
  }
  const skipped = inspections.flatMap((inspection) => inspection.skipped);
  const reason = skipped.find(({ name }) => name === model);
  if (reason !== undefined) return `✗ ${describeSkipped(reason)}`;
  if (lists.length === 0 || listed.includes(model)) return undefined;
  return `✗ ${endpoint} has no model ${model}; ${hint(model, listed)}`;
}

function describeSkipped({ name, reason }: Inspection["skipped"][number]): string {
  return `${name} is not served: ${reason}`;
}

const shownNames = 20;

function hint(model: string, listed: readonly string[]): string {
  const meant = nearest(model, listed);
  if (meant !== undefined) return `did you mean ${meant}?`;
  if (listed.length === 0) return "it has none";
  const rest = listed.length - shownNames;
  return `it has ${listed.slice(0, shownNames).join(", ")}${rest > 0 ? ` and ${rest} more` : ""}`;
}
