import type { BackendConfig, Config, ModelConfig } from "./config.ts";
import { settingsOf, type ModelFile } from "./model-schema.ts";
import { toPresets } from "./presets.ts";
import { parseDuration, parseSize } from "../core/quantity.ts";
import type { BackendFile, ConfigFile } from "./schema.ts";
import { toAgents, toConversations, type AgentFacts } from "./to-agents.ts";

/** A validated file under our own names and in fixed units. */
export function toConfig(file: ConfigFile, context: Context): Config {
  const { listen, limits, timeouts, stream, shutdown, log } = file;
  const { terminal, defaultBackend, store } = context;
  const names = namesOf(file, context);
  return {
    listen: {
      host: listen.host,
      port: listen.port,
      maxBodyBytes: bytes(listen.max_body),
      maxFileBytes: bytes(listen.max_file),
    },
    auth: { keys: [...new Set(file.auth.keys)] },
    cors: { origins: file.cors.origins },
    limits: {
      maxConcurrency: limits.max_concurrency,
      batchConcurrency: limits.batch_concurrency,
      maxQueue: limits.max_queue,
      maxJsonDepth: limits.max_json_depth,
      maxJsonValues: limits.max_json_values,
      maxMessages: limits.max_messages,
      maxRepairs: limits.max_repairs,
    },
    strict: file.strict,
    timeouts: {
      connectMs: milliseconds(timeouts.connect),
      firstTokenMs: milliseconds(timeouts.first_token),
      betweenTokensMs: milliseconds(timeouts.between_tokens),
      agentMs: milliseconds(timeouts.agent),
      totalMs: milliseconds(timeouts.total),
      clientMs: milliseconds(timeouts.client),
    },
    stream: { headStartMs: milliseconds(stream.head_start), keepAliveMs: milliseconds(stream.keep_alive) },
    shutdown: { delayMs: milliseconds(shutdown.delay), graceMs: milliseconds(shutdown.grace) },
    log: {
      format: log.format,
      level: log.level,
      content: log.content ?? (terminal && log.format === "pretty" ? "preview" : "off"),
    },
    backends: mapValues(file.backends, toBackend),
    presets: backendPresets(file),
    models: mapValues(file.models, (model) => toModel(model, file.backends[model.backend])),
    agents: toAgents(file, { ...context, publicId: names.agent }),
    conversations: toConversations(file, names.hasAgents ? file.max_context_tokens : undefined),
    store: file.store ?? store,
    tokenModel: file.token_model,
    ...(file.default_model !== undefined && { defaultModel: file.default_model }),
    ...(names.model !== undefined && { publicModel: names.model }),
    ...(defaultBackend !== undefined && { defaultBackend }),
    ...(names.maxContextTokens !== undefined && { maxContextTokens: names.maxContextTokens }),
  };
}

export interface Context extends Omit<AgentFacts, "publicId"> {
  terminal: boolean;
  defaultBackend: string | undefined;
  /** Where conversations are kept if nobody says it. */
  store: string;
  /** Whether a setting has its value from the variable of the older server. */
  isOlder: (key: "public_model" | "max_context_tokens") => boolean;
}

interface Names {
  hasAgents: boolean;
  /** Public id of the default backend's model. */
  model: string | undefined;
  /** Public id of the default agent. */
  agent: string | undefined;
  maxContextTokens: number | undefined;
}

/**
 * Two settings mean the agents where there are agents: the id to publish, unless flags name a backend for it, and the
 * older server's size of a context, which cuts conversations and refuses nothing.
 */
function namesOf(file: ConfigFile, { defaultBackend, isOlder }: Context): Names {
  const hasAgents = Object.keys(file.agents).length > 0 || file.agent_files.length > 0;
  const { public_model: name, max_context_tokens: maxContextTokens } = file;
  const hasBackends = Object.keys(file.backends).length > 0;
  const namesAgent = hasAgents && (defaultBackend === undefined || isOlder("public_model"));
  return {
    hasAgents,
    model: namesAgent && hasBackends ? undefined : name,
    agent: namesAgent ? name : undefined,
    maxContextTokens: hasAgents && isOlder("max_context_tokens") ? undefined : maxContextTokens,
  };
}

function backendPresets({ backends }: ConfigFile): Config["presets"] {
  const presets = mapValues(backends, (backend) => toPresets(backend));
  return Object.fromEntries(Object.entries(presets).filter(([, preset]) => Object.keys(preset).length > 0));
}

function toBackend({ defaults: _defaults, overrides: _overrides, ...backend }: BackendFile): BackendConfig {
  return backend;
}

function toModel(model: ModelFile, backend: BackendFile | undefined): ModelConfig {
  return {
    backend: model.backend,
    settings: settingsOf(model),
    ...toPresets(backend ?? {}, model),
    ...(model.target !== undefined && { target: model.target }),
    ...(model.aliases !== undefined && { aliases: model.aliases }),
    ...(model.token_model !== undefined && { tokenModel: model.token_model }),
    ...(model.max_context_tokens !== undefined && { maxContextTokens: model.max_context_tokens }),
  };
}

function mapValues<From, To>(
  table: Readonly<Record<string, From>>,
  to: (value: From) => To,
): Record<string, To> {
  return Object.fromEntries(Object.entries(table).map(([key, value]) => [key, to(value)]));
}

function milliseconds(value: string | number): number {
  return parseDuration(value) ?? 0;
}

function bytes(value: string | number): number {
  return parseSize(value) ?? 0;
}
