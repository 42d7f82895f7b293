import type { Config } from "../config/config.ts";
import { ServeError } from "../core/error.ts";
import type { Backend, ModelDescription } from "../core/generation.ts";
import { explainFailure } from "./explain-failure.ts";

export interface CheckReport {
  /** For a person, a line per finding. */
  lines: readonly string[];
  /** Whether every backend is ready and says what it serves, and the default model is among that. */
  ok: boolean;
  /** What the backends list, as far as they are well. */
  models: readonly ModelDescription[];
}

const probeMs = 5_000;

/** Asks every backend whether it is ready and what it serves, all at once and each for at most 5 seconds. */
export async function checkBackends(backends: readonly Backend[], config: Config): Promise<CheckReport> {
  const findings = await Promise.all(backends.map((backend) => checkBackend(backend, config)));
  const lines = findings.flatMap((finding) => finding.lines);
  const models = findings.flatMap((finding) => finding.models);
  if (!findings.every(({ ok }) => ok)) return { lines, ok: false, models };
  const fault = missingDefault(models, config);
  return fault === undefined ? { lines, ok: true, models } : { lines: [...lines, fault], ok: false, models };
}

async function checkBackend(backend: Backend, config: Config): Promise<CheckReport> {
  const [ready, models] = await Promise.all([
    probe(backend.ready.bind(backend)),
    probe(backend.models.bind(backend)),
  ]);
  const name = `backend ${backend.id} (${backend.kind}${backend.endpoint === undefined ? "" : ` at ${backend.endpoint}`})`;
  if ("failure" in ready) return { lines: [`✗ ${name}: not ready: ${ready.failure}`], ok: false, models: [] };
  if ("failure" in models) {
    const line = `✗ ${name}: ready, but it does not say what it serves: ${models.failure}`;
    return { lines: [line], ok: false, models: [] };
  }
  const lines = [`✓ ${name}: ready`, ...models.answer.map(describeModel)];
  const missing = await missingModels(backend, models.answer, config);
  return { lines: [...lines, ...missing], ok: true, models: models.answer };
}

type Probe<Answer> = { answer: Answer } | { failure: string };

async function probe<Answer>(ask: (signal: AbortSignal) => Promise<Answer>): Promise<Probe<Answer>> {
  const controller = new AbortController();
  const { promise: late, resolve } = Promise.withResolvers<Probe<Answer>>();
  const timer = setTimeout(() => {
    controller.abort(new ServeError("timeout", "The backend did not answer in time."));
    resolve({ failure: `no answer in ${probeMs / 1_000} s` });
  }, probeMs);
  const asked = ask(controller.signal).then(
    (answer) => ({ answer }),
    (error: unknown) => ({ failure: explainFailure(error) }),
  );
  try {
    return await Promise.race([asked, late]);
  } finally {
    clearTimeout(timer);
  }
}

function describeModel({ id, aliases = [], contextTokens }: ModelDescription): string {
  const others = aliases.filter((alias) => alias !== id);
  const facts = [
    ...(others.length === 0 ? [] : [`also ${others.join(", ")}`]),
    ...(contextTokens === undefined ? [] : [`context of ${contextTokens} tokens`]),
  ];
  return `    model ${id}${facts.length === 0 ? "" : ` (${facts.join("; ")})`}`;
}

/**
 * Models of the configuration that their backend does not list, with what it says of each; it may still have them, so
 * this is no failure.
 */
async function missingModels(
  backend: Backend,
  models: readonly ModelDescription[],
  config: Config,
): Promise<string[]> {
  const known = new Set(models.flatMap(({ id, aliases = [] }) => [id, ...aliases]));
  const missing = Object.entries(config.models).filter(
    ([id, model]) => model.backend === backend.id && !known.has(id) && !known.has(model.target ?? id),
  );
  return await Promise.all(
    missing.map(async ([id, { target = id }]) => {
      const asked = await probe(async () => await backend.capabilities(target));
      const reason = "failure" in asked ? asked.failure : `the backend does not list ${target}`;
      return `⚠   model ${id}: ${reason}`;
    }),
  );
}

/** What is wrong with the default model; every backend must have said what it serves. */
function missingDefault(models: readonly ModelDescription[], config: Config): string | undefined {
  const wanted = config.defaultModel;
  if (wanted === undefined) return undefined;
  const named = Object.entries(config.models);
  const published = config.publicModel === undefined ? [] : [config.publicModel];
  const ids = new Set([...published, ...named.map(([id]) => id), ...models.map(({ id }) => id)]);
  const aliases = [...named.map(([, model]) => model), ...models].flatMap((model) => model.aliases ?? []);
  if (ids.has(wanted) || aliases.includes(wanted)) return undefined;
  return `✗ default_model "${wanted}" is none of the models served: ${[...ids].join(", ")}`;
}
