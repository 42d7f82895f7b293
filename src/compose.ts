import packageFile from "../package.json" with { type: "json" };
import type { Config } from "./config/config.ts";
import type { Backend } from "./core/generation.ts";
import type { Log } from "./core/log.ts";
import { createAdmission } from "./dispatch/admission.ts";
import { createDispatch } from "./dispatch/dispatch.ts";
import { observe } from "./dispatch/observe.ts";
import { createRegistry, type Registry } from "./dispatch/registry.ts";
import type { Driver } from "./drivers/driver.ts";
import { drivers } from "./drivers/index.ts";
import { createListener, type Listener } from "./http/listener.ts";
import { createServer } from "./server.ts";
import { createExchangeLog } from "./telemetry/exchange.ts";
import { createTokenCounter } from "./tokens/counter.ts";

export interface Application {
  readonly backends: readonly Backend[];
  readonly server: Listener & {
    /** Once false, `/ready` says so; requests are served all the same. */
    setReady(isReady: boolean): void;
  };
  /** Closes the backends. Stop the server first. */
  close(): Promise<void>;
}

/** A body that trickles in is cut after this long. */
const bodyTimeoutMs = 120_000;

/** Builds everything that a configuration describes. No I/O yet: that begins with `listen`. */
export function compose(config: Config, log: Log): Application {
  let isReady = true;
  const backends = createBackends(config, log);
  const registry = createRegistry({ ...config, backends });
  const tokens = createTokenCounter(log);
  const generate = createDispatch({
    registry,
    admission: createAdmission(config.limits),
    tokens,
    timeouts: config.timeouts,
    maxPromptBytes: config.listen.maxBodyBytes * 2,
    observe: (observed) => observe(observed, createExchangeLog(observed.context.log, config.log.content)),
  });
  const handler = createServer({
    surfaces: {
      generate,
      bodyLimits: {
        maxBodyBytes: config.listen.maxBodyBytes,
        maxJsonDepth: config.limits.maxJsonDepth,
        maxJsonValues: config.limits.maxJsonValues,
        bodyTimeoutMs,
      },
      maxMessages: config.limits.maxMessages,
      headStartMs: config.stream.headStartMs,
      stream: { keepAliveMs: config.stream.keepAliveMs, stallMs: config.timeouts.clientMs },
    },
    models: registry,
    ops: {
      version: packageFile.version,
      backends,
      isDraining: () => !isReady,
      async models() {
        const models = await registry.list();
        return { ids: models.map(({ id }) => id), defaultId: registry.default()?.id };
      },
    },
    keys: config.auth.keys,
    origins: config.cors.origins,
    log,
  });
  const listener = createListener(handler, config.listen);
  return {
    backends,
    server: {
      ...listener,
      listen() {
        const address = listener.listen();
        void askBackends(registry, config, log);
        return address;
      },
      setReady(ready) {
        isReady = ready;
      },
    },
    async close() {
      tokens.close();
      await Promise.all(backends.map((backend) => backend.close()));
    },
  };
}

/** What the backends have is known before the first request asks; a default that none of them has is pointed out. */
async function askBackends(registry: Registry, config: Config, log: Log): Promise<void> {
  await registry.list();
  if (config.defaultModel !== undefined && registry.default() === undefined) {
    log.warn("The default model is not among those served", { model: config.defaultModel });
  }
}

function createBackends(config: Config, log: Log): Backend[] {
  return Object.entries(config.backends).map(([id, settings]) => {
    // Each driver's own schema has checked its settings.
    const driver = drivers[settings.kind] as Driver;
    return driver.create(settings, { id, log, connectTimeoutMs: config.timeouts.connectMs });
  });
}
