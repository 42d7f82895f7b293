import packageFile from "../package.json" with { type: "json" };
import type { Config } from "./config/config.ts";
import type { Generate } from "./core/generate.ts";
import type { Backend, CallContext } from "./core/generation.ts";
import type { Log } from "./core/log.ts";
import { createAdmission } from "./dispatch/admission.ts";
import { createDispatch } from "./dispatch/dispatch.ts";
import { createEmbed } from "./dispatch/embed.ts";
import { observe } from "./dispatch/observe.ts";
import { createRegistry, type ModelRule } from "./dispatch/registry.ts";
import { createTokenize } from "./dispatch/tokenize.ts";
import type { ConfiguredModel, Driver } from "./drivers/driver.ts";
import { drivers } from "./drivers/index.ts";
import type { BodyLimits } from "./http/body.ts";
import type { Handler } from "./http/handler.ts";
import { createSchemaChecker, type SchemaChecker } from "./json-schema/checker.ts";
import { createServer } from "./server.ts";
import { createExchangeLog } from "./telemetry/exchange.ts";
import { createTokenCounter, type TokenCounter } from "./tokens/counter.ts";

/** What stays when the configuration is replaced; made once, for every `compose`. */
export interface Foundation {
  readonly tokens: TokenCounter;
  readonly schemas: SchemaChecker;
  /** Unix seconds; what models are said to be made at. */
  readonly startedAt: number;
  /** Once false, `/ready` says so; requests are served all the same. */
  isReady: boolean;
}

export function createFoundation(log: Log): Foundation {
  return {
    tokens: createTokenCounter(log),
    schemas: createSchemaChecker(log),
    startedAt: Math.floor(Date.now() / 1_000),
    isReady: true,
  };
}

/** Ends the threads. */
export function closeFoundation({ tokens, schemas }: Foundation): void {
  tokens.close();
  schemas.close();
}

/** Everything that one configuration describes. */
export interface Application {
  readonly backends: readonly Backend[];
  readonly handler: Handler;
  readonly generate: Generate;
  /** Learns what the backends have before the first request asks; points out a default that none of them has. */
  learnModels: () => Promise<void>;
  /** Closes the backends; its requests must have ended. */
  close(): Promise<void>;
}

/** A body that trickles in is cut after this long. */
const bodyTimeoutMs = 120_000;

/** Builds an application, without any I/O: its backends connect when they are asked for something. */
export function compose(config: Config, log: Log, foundation: Foundation): Application {
  const backends = createBackends(config, log);
  const registry = createRegistry({
    ...config,
    backends,
    models: modelRules(config),
    created: foundation.startedAt,
    log,
  });
  const exchange = ({ log: callLog }: CallContext) => createExchangeLog(callLog, config.log.content);
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
    observe: (observed) => observe(observed, exchange(observed.context)),
  });
  const handler = createServer({
    surfaces: {
      generate,
      embed: createEmbed({ ...deps, exchange }),
      ...createTokenize(registry, foundation.tokens),
      strict: config.strict,
      bodyLimits: bodyLimits(config),
      maxMessages: config.limits.maxMessages,
      headStartMs: config.stream.headStartMs,
      stream: { keepAliveMs: config.stream.keepAliveMs, stallMs: config.timeouts.clientMs },
    },
    models: registry,
    ops: {
      version: packageFile.version,
      backends,
      isDraining: () => !foundation.isReady,
      async models() {
        const models = await registry.list();
        return { ids: models.map(({ id }) => id), defaultId: registry.default()?.id };
      },
    },
    keys: config.auth.keys,
    origins: config.cors.origins,
    log,
  });
  return {
    backends,
    handler,
    generate,
    async learnModels() {
      await registry.list();
      if (config.defaultModel !== undefined && registry.default() === undefined) {
        log.warn("The default model is not among those served", { model: config.defaultModel });
      }
    },
    async close() {
      await Promise.all(backends.map((backend) => backend.close()));
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

function createBackends(config: Config, log: Log): Backend[] {
  return Object.entries(config.backends).map(([id, settings]) => {
    // Each driver's own schema has checked its settings.
    const driver = drivers[settings.kind] as Driver;
    const models = driver.modelSchema === undefined ? {} : configuredModels(config, id);
    return driver.create(settings, {
      id,
      log,
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
