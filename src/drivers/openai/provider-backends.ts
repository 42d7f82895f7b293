import { ConfigError, ServeError } from "../../core/error.ts";
import type { Backend } from "../../core/generation.ts";
import type { Log } from "../../core/log.ts";
import { createHttpClient } from "../../egress/client.ts";
import { createOpenaiBackend } from "./backend.ts";
import { findKey, keySentence } from "./key.ts";
import { baseUrlOf, type Provider, providerOf, traitsOf } from "./providers.ts";
import { createUpstream } from "./upstream.ts";

export interface ProviderBackendsOptions {
  /** A variable of the environment, or of `--env-file`. */
  variable: (name: string) => string | undefined;
  log: Log;
  connectTimeoutMs: number;
}

/** Known providers, for agents that name a provider's model which nobody configured. */
export interface ProviderBackends {
  /**
   * The provider of a model, as a private backend, and the model's name there; undefined where the name points to none.
   * Throws a `ServeError` when the provider's key is not in the environment, or its base URL there is none.
   */
  find: (model: string) => { backend: Backend; target: string } | undefined;
  /** What is missing for a model of a provider, or wrong, in a sentence for the operator; undefined if nothing is. */
  missingKey: (model: string) => string | undefined;
  close(): Promise<void>;
}

/** Makes a backend when its provider is first asked for. */
export function createProviderBackends(options: ProviderBackendsOptions): ProviderBackends {
  const backends = new Map<string, Backend>();
  return {
    find(model) {
      const found = providerOf(model);
      if (found === undefined) return undefined;
      const { provider, target } = found;
      const backend = backends.get(provider.name) ?? createBackend(provider, model, options);
      backends.set(provider.name, backend);
      return { backend, target };
    },
    missingKey(model) {
      const found = providerOf(model);
      return found === undefined ? undefined : missingKeyOf(found.provider, model, options);
    },
    async close() {
      await Promise.all([...backends.values()].map((backend) => backend.close()));
      backends.clear();
    },
  };
}

function createBackend(provider: Provider, model: string, options: ProviderBackendsOptions): Backend {
  const missing = missingKeyOf(provider, model, options);
  if (missing !== undefined) {
    throw new ServeError("unavailable", "The provider of this agent's model is not set up on this server.", {
      code: "upstream_not_configured",
      shouldRetry: false,
      cause: new Error(missing),
    });
  }
  const { variable, connectTimeoutMs } = options;
  const { url, isOwn } = baseUrlOf(provider, variable);
  const key = findKey(provider.keyVariables, variable);
  return createOpenaiBackend({
    id: provider.name,
    endpoint: url,
    upstream: createUpstream({
      client: createHttpClient({ connectTimeoutMs }),
      baseUrl: url,
      headers: key === undefined ? {} : { authorization: `Bearer ${key}` },
      secrets: key === undefined ? [] : [key],
    }),
    traits: traitsOf(provider, isOwn),
    isPrivate: true,
  });
}

function missingKeyOf(
  provider: Provider,
  model: string,
  { variable }: ProviderBackendsOptions,
): string | undefined {
  const { keyVariables, isKeyOptional } = provider;
  let isOwn: boolean;
  try {
    ({ isOwn } = baseUrlOf(provider, variable));
  } catch (error) {
    if (error instanceof ConfigError) return `'${model}' cannot be asked for: ${error.message}`;
    throw error;
  }
  // Another server than the provider's own may need no key.
  if (isKeyOptional === true || !isOwn || findKey(keyVariables, variable) !== undefined) return undefined;
  return `'${model}' needs ${keySentence(keyVariables)} in the environment.`;
}
