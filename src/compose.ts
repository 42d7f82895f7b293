import packageFile from "../package.json" with { type: "json" };
import type { LoadedFiles } from "./compose/agent-files.ts";
import { findUnservedModels } from "./compose/agent-models.ts";
import { type ComposedAgent, createAgents } from "./compose/agents.ts";
import { type BatchRunner, createBatchRunner } from "./api/batches/run/runner.ts";
import { createConversations } from "./api/common/conversation/conversations.ts";
import type { Config } from "./config/config.ts";
import type { Generate } from "./core/generate.ts";
import type { Backend, CallContext } from "./core/generation.ts";
import type { Log } from "./core/log.ts";
import { createAdmission } from "./dispatch/admission.ts";
import { createCountTokens } from "./dispatch/count-tokens.ts";
import { createDispatch } from "./dispatch/dispatch.ts";
import { createEmbed } from "./dispatch/embed.ts";
import { observe } from "./dispatch/observe.ts";
import { createRegistry, type ModelRule } from "./dispatch/registry.ts";
import { createTokenize } from "./dispatch/tokenize.ts";
import type { ConfiguredModel, Driver } from "./drivers/driver.ts";
import { drivers } from "./drivers/index.ts";
import { createProviderBackends } from "./drivers/openai/provider-backends.ts";
import type { BodyLimits } from "./http/body.ts";
import type { Handler } from "./http/handler.ts";
import { createSchemaChecker, type SchemaChecker } from "./json-schema/checker.ts";
import { createServer } from "./server.ts";
import { createStore } from "./store/create-store.ts";
import { withMemoryFallback } from "./store/memory-fallback.ts";
import type { Store } from "./store/store.ts";
import { createExchangeLog, createInnerExchangeLog } from "./telemetry/exchange.ts";
import { createTokenCounter, type TokenCounter } from "./tokens/counter.ts";
import { countEachMessage } from "./tokens/each-message.ts";
import { encodingFor } from "./tokens/encoding.ts";

/** What stays when the configuration is replaced; made once, for every `compose`. */
export interface Foundation {
  readonly tokens: TokenCounter;
  readonly schemas: SchemaChecker;
  readonly store: Store;
  /** Unix seconds; what models are said to be made at. */
  readonly startedAt: number;
  /** Once false, `/ready` says so; requests are served all the same. */
  isReady: boolean;
}

export interface FoundationOptions {
  log: Log;
  /** URL of the store. */
  store: string;
  /** Memory takes the place of one that nobody chose and that cannot be opened. */
  isStoreChosen: boolean;
  /** How long things are stored; asked whenever it matters. */
  expireMs: () => number;
  /** How many of a kind one key may have, likewise. */
  maxPerOwner?: () => number;
  /** How many bytes are stored, likewise; what is usual for the store when absent. */
  maxTotalBytes?: () => number | undefined;
}

export function createFoundation({ log, store, isStoreChosen, ...stored }: FoundationOptions): Foundation {
  const opened = createStore(store, log, stored);
  const memory = () => createStore("memory:", log, stored);
  return {
    tokens: createTokenCounter(log),
    schemas: createSchemaChecker(log),
    store: isStoreChosen ? opened : withMemoryFallback(opened, { memory, log }),
    startedAt: Math.floor(Date.now() / 1_000),
    isReady: true,
  };
}

/** Ends the threads, once what is to be stored is stored. */
export async function closeFoundation({ tokens, schemas, store }: Foundation): Promise<void> {
  tokens.close();
  schemas.close();
  await store.close();
}

/** Everything that one configuration describes. */
export interface Application {
  readonly backends: readonly Backend[];
  readonly agents: readonly ComposedAgent[];
  readonly handler: Handler;
  readonly batches: BatchRunner;
  readonly generate: Generate;
  /** Learns what the backends have before the first request asks; points out a default and agents' models that none of them has. */
  learnModels: () => Promise<void>;
  /** Closes the backends; its requests must have ended. */
  close(): Promise<void>;
}

/** A body that trickles in is cut after this long. */
const bodyTimeoutMs = 120_000;

/** One configuration, and what was found by it. */
export interface Composition {
  config: Config;
  /** A variable of the environment or of `--env-file`. */
  variable: (name: string) => string | undefined;
  files: LoadedFiles;
  log: Log;
  foundation: Foundation;
}

/**
 * Builds an application, without any I/O: its backends connect when they are asked for something. Throws `ConfigError`.
 */
export function compose({ config, variable, files, log, foundation }: Composition): Application {
  const providers = createProviderBackends({ variable, log, connectTimeoutMs: config.timeouts.connectMs });
  const others = createBackends(config, { log, variable });
  const crew = createAgents({
    config,
    files,
    // Agents ask each other and models through dispatch, which knows them only once they are made.
    generate: (...call) => generate(...call),
    hasModels: others.length > 0,
    providers,
    variable,
    schemas: foundation.schemas,
    log,
  });
  const backends = crew.backend === undefined ? others : [...others, crew.backend];
  const { publicModel, ...rest } = config;
  const registry = createRegistry({
    ...rest,
    // Without models it names an agent, which bears the name already.
    ...(others.length > 0 && publicModel !== undefined && { publicModel }),
    backends,
    models: modelRules(config),
    created: foundation.startedAt,
    findElsewhere: providers.find,
    log,
  });
  const modelOf = (id: string) => registry.resolve(id === "" ? undefined : id);
  const exchange = ({ log: callLog, callers }: CallContext) =>
    callers.length > 0
      ? createInnerExchangeLog(callLog, callers)
      : createExchangeLog(callLog, config.log.content);
  const deps = {
    registry,
    admission: createAdmission(config.limits),
    tokens: foundation.tokens,
    timeouts: config.timeouts,
    maxPromptBytes: config.listen.maxBodyBytes * 2,
    strict: config.strict,
  };
  const generate = createDispatch({
    ...deps,
    schemas: foundation.schemas,
    maxRepairs: config.limits.maxRepairs,
    agentSilenceMs: config.timeouts.agentMs,
    maxDepth: config.agents.limits.maxDepth,
    observe: (observed) => observe(observed, exchange(observed.context)),
  });
  const handler = createServer({
    surfaces: {
      generate,
      countTokens: createCountTokens(deps),
      embed: createEmbed({ ...deps, exchange }),
      ...createTokenize(registry, foundation.tokens),
      conversations: createConversations({
        store: foundation.store.records,
        limits: config.conversations,
        countTokens: async (messages, model) =>
          await countEachMessage(foundation.tokens, encodingFor((await modelOf(model)).tokenModel), messages),
        async agentOf(model) {
          const { id, backend } = await modelOf(model);
          return backend.isAgent === true ? id : undefined;
        },
        log,
      }),
      records: foundation.store.records,
      strict: config.strict,
      bodyLimits: bodyLimits(config),
      maxFileBytes: config.listen.maxFileBytes,
      batchCreated: () => batches.wake(),
      maxMessages: config.limits.maxMessages,
      headStartMs: config.stream.headStartMs,
      stream: { keepAliveMs: config.stream.keepAliveMs, stallMs: config.timeouts.clientMs },
    },
    models: registry,
    ops: {
      version: packageFile.version,
      // Agents are always ready, and hide that there is no model for them.
      backends: others.length > 0 ? others : backends,
      isDraining: () => !foundation.isReady,
      probeStore: () => foundation.store.probe(),
      async models() {
        const models = await registry.list();
        const standard = registry.default();
        const agent = crew.agents.find(
          ({ id }) => standard?.backend === crew.backend && id === standard?.target,
        );
        return {
          ids: models.map(({ id }) => id),
          defaultId: standard?.id,
          ...(agent !== undefined && { agent: { id: agent.id, model: agent.modelName } }),
        };
      },
    },
    keys: config.auth.keys,
    origins: config.cors.origins,
    log,
  });
  const batches = createBatchRunner({
    records: foundation.store.records,
    ask: (inner) => handler.ask(inner),
    // Whoever waits for an answer goes first.
    concurrency: Math.min(config.limits.batchConcurrency, Math.ceil(config.limits.maxConcurrency / 2)),
    limits: bodyLimits(config),
    log,
  });
  return {
    backends,
    agents: crew.agents,
    handler,
    batches,
    generate,
    async learnModels() {
      await registry.list();
      if (config.defaultModel !== undefined && registry.default() === undefined) {
        log.warn("The default model is not among those served", { model: config.defaultModel });
      }
      const unserved = await findUnservedModels(crew.agents, {
        resolve: (model, agent) => registry.resolve(model, agent),
        missingKey: providers.missingKey,
      });
      for (const warning of unserved) log.warn(warning);
    },
    async close() {
      await Promise.all([...backends.map((backend) => backend.close()), providers.close(), files.close?.()]);
    },
  };
}

function bodyLimits({ listen, limits }: Config): BodyLimits {
  return {
    maxBodyBytes: listen.maxBodyBytes,
    maxJsonDepth: limits.maxJsonDepth,
    maxJsonValues: limits.maxJsonValues,
    bodyTimeoutMs,
  };
}

function createBackends(config: Config, { log, variable }: Pick<Composition, "log" | "variable">): Backend[] {
  return Object.entries(config.backends).map(([id, settings]) => {
    // Each driver's own schema has checked its settings.
    const driver = drivers[settings.kind] as Driver;
    const models = driver.modelSchema === undefined ? {} : configuredModels(config, id);
    return driver.create(settings, {
      id,
      log,
      variable,
      connectTimeoutMs: config.timeouts.connectMs,
      ...(Object.keys(models).length > 0 && { models }),
    });
  });
}

function configuredModels(config: Config, backend: string): Record<string, ConfiguredModel> {
  return Object.fromEntries(
    Object.entries(config.models)
      .filter(([, model]) => model.backend === backend)
      .map(([id, { target = id, settings }]) => [id, { target, settings }]),
  );
}

/** A driver that was told of the models serves them under their public ids. */
function modelRules(config: Config): Record<string, ModelRule> {
  return Object.fromEntries(
    Object.entries(config.models).map(([id, { settings: _settings, ...rule }]) => {
      const kind = config.backends[rule.backend]?.kind;
      const driver: Driver | undefined = kind === undefined ? undefined : drivers[kind];
      return [id, driver?.modelSchema === undefined ? rule : { ...rule, target: id, isTold: true }];
    }),
  );
}
