import type { Backend } from "../../core/generation.ts";
import { createConcessions } from "./concessions.ts";
import { embed } from "./embed.ts";
import { generate } from "./generate.ts";
import { assertReady, inspect, listModels } from "./models.ts";
import { toCapabilities, type Traits } from "./traits.ts";
import type { Upstream } from "./upstream.ts";

export interface OpenaiBackendOptions {
  id: string;
  /** Base URL, as operators see it. */
  endpoint: string;
  upstream: Upstream;
  traits: Traits;
  /** The models that it serves; those that its server lists, if absent. */
  models?: readonly string[];
  isPrivate?: boolean;
}

/** An OpenAI-compatible server as a backend. Does no I/O until it is asked something. */
export function createOpenaiBackend(options: OpenaiBackendOptions): Backend {
  const { id, endpoint, upstream, traits, models, isPrivate } = options;
  const deps = { upstream, traits, concessions: createConcessions() };
  const named = models?.map((model) => ({ id: model, ownedBy: id }));
  return {
    id,
    kind: "openai",
    endpoint,
    ...(isPrivate === true ? { isPrivate } : {}),
    ...(named === undefined ? {} : { presumed: named }),
    capabilities: (model) => toCapabilities(traits, model),
    generate: (request, context) => generate(request, context, deps),
    embed: (request, context) => embed(request, context, upstream),
    models: async (signal) => named ?? (await listModels(upstream, signal)).models,
    inspect: (signal) => inspect(upstream, models, signal),
    ready: (signal) => assertReady(upstream, signal),
    close: async () => upstream.close(),
  };
}
