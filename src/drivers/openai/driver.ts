import { ConfigError } from "../../core/error.ts";
import type { Backend } from "../../core/generation.ts";
import { createHttpClient } from "../../egress/client.ts";
import type { Driver, DriverContext } from "../driver.ts";
import { createOpenaiBackend } from "./backend.ts";
import { parseBaseUrl } from "./base-url.ts";
import { OpenaiConfig } from "./config.ts";
import { findKey, keySentence } from "./key.ts";
import { baseUrlOf, findProvider, type Provider, traitsOf } from "./providers.ts";
import type { Traits } from "./traits.ts";
import { createUpstream } from "./upstream.ts";

/** An OpenAI-compatible server. `create` throws `ConfigError` for what its configuration or the environment lacks. */
export const openaiDriver: Driver<OpenaiConfig> = { configSchema: OpenaiConfig, create };

function create(config: OpenaiConfig, context: DriverContext): Backend {
  const path = `backends.${context.id}`;
  const variable = context.variable ?? (() => undefined);
  const provider = config.provider === undefined ? undefined : findProvider(config.provider);
  const address = addressOf(config, provider, variable, path);
  const key = keyOf({ config, provider, isOwn: address.isOwn }, variable, path);
  const { models, private: isPrivate = false } = config;
  return createOpenaiBackend({
    id: context.id,
    endpoint: address.url,
    upstream: createUpstream({
      client: createHttpClient(context),
      baseUrl: address.url,
      headers: {
        ...headersOf(config, path),
        ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
      },
      secrets: key === undefined ? [] : [key],
    }),
    traits: traitsFor(config, provider, address.isOwn),
    ...(models === undefined ? {} : { models }),
    isPrivate,
  });
}

type Variable = (name: string) => string | undefined;

interface Address {
  url: string;
  /** The provider's own. */
  isOwn: boolean;
}

function addressOf(
  { base_url: given }: OpenaiConfig,
  provider: Provider | undefined,
  variable: Variable,
  path: string,
): Address {
  if (given !== undefined) return { url: parseBaseUrl(given, `${path}.base_url`), isOwn: false };
  if (provider === undefined) throw new ConfigError(`${path} needs a base_url or a provider.`);
  return baseUrlOf(provider, variable);
}

function traitsFor(config: OpenaiConfig, provider: Provider | undefined, isOwn: boolean): Traits {
  const { max_tokens_field: field = "auto", max_choices: choices } = config;
  // Who names a provider beside an address says that it is like that provider's.
  const traits = traitsOf(provider, isOwn || config.base_url !== undefined);
  return {
    ...traits,
    ...(field === "auto" ? {} : { maxTokensField: field }),
    ...(choices === undefined ? {} : { choices }),
  };
}

interface KeyOf {
  config: OpenaiConfig;
  provider: Provider | undefined;
  isOwn: boolean;
}

function keyOf({ config, provider, isOwn }: KeyOf, variable: Variable, path: string): string | undefined {
  const { api_key_env: given } = config;
  if (given !== undefined) {
    const names = typeof given === "string" ? [given] : given;
    const key = findKey(names, variable);
    if (key === undefined) throw new ConfigError(`${path}.api_key_env: ${keySentence(names)} is not set.`);
    return key;
  }
  if (provider === undefined) return undefined;
  const key = findKey(provider.keyVariables, variable);
  if (key === undefined && isOwn && provider.isKeyOptional !== true) {
    const names = keySentence(provider.keyVariables);
    throw new ConfigError(`${path}: the provider ${provider.name} needs ${names} in the environment.`);
  }
  return key;
}

/** Headers that are the protocol's, or would carry a key past `api_key_env`. */
const reserved: ReadonlySet<string> = new Set([
  "authorization",
  "proxy-authorization",
  "cookie",
  "host",
  "connection",
  "content-length",
  "content-type",
  "transfer-encoding",
]);

function headersOf({ headers = {}, organization, project }: OpenaiConfig, path: string) {
  const own = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
  const wrong = Object.keys(own).find((name) => reserved.has(name));
  if (wrong !== undefined) {
    throw new ConfigError(
      `${path}.headers must not set ${wrong}: a key comes from the environment, by api_key_env.`,
    );
  }
  return {
    ...own,
    ...(organization === undefined ? {} : { "openai-organization": organization }),
    ...(project === undefined ? {} : { "openai-project": project }),
  };
}
