import { createCurrentLog } from "./cli/current-log.ts";
import { explainListenError } from "./cli/listen-error.ts";
import type { Notify } from "./cli/notify.ts";
import { probeBackends } from "./cli/probe-backends.ts";
import { createReload, type Reload, type ReloadSteps } from "./cli/reload.ts";
import { retire } from "./cli/retire.ts";
import { createShutdown, type Shutdown } from "./cli/shutdown.ts";
import { unusableStore } from "./cli/store-error.ts";
import { closeFoundation, compose, createFoundation, type Application, type Foundation } from "./compose.ts";
import type { AgentFiles } from "./compose/agent-files.ts";
import type { LoadedConfig } from "./config/load.ts";
import { succeed } from "./config/succeed.ts";
import { ConfigError } from "./core/error.ts";
import type { Log } from "./core/log.ts";
import { createListener, type Listener } from "./http/listener.ts";

export interface ServeOptions {
  loaded: LoadedConfig;
  /** Reads everything again. Rejects with `ConfigError`. */
  load: () => Promise<LoadedConfig>;
  /** A log as the configuration asks for it. */
  createLog: (loaded: LoadedConfig) => Log;
  version: string;
  /** Under a service manager that asked for it. */
  notify?: Notify;
  agentFiles: AgentFiles;
}

/** A server that listens. */
export interface Serving {
  /** Where it listens, such as `http://127.0.0.1:8080`. */
  readonly url: string;
  /** Always as the configuration asks for it that holds now. */
  readonly log: Log;
  readonly shutdown: Shutdown;
  readonly reload: Reload;
  /** Tells the log and the service manager that it listens. */
  announce(): void;
}

/** One configuration and what it became. */
interface Instance {
  loaded: LoadedConfig;
  application: Application;
  log: Log;
}

interface State {
  current: Instance;
  /** The current one, and those before it whose requests have not ended. */
  live: Set<Application>;
  foundation: Foundation;
  log: Log;
}

/** Builds what the configuration describes and listens. Rejects with `ConfigError`, or `StartError` for the address. */
export async function serve(options: ServeOptions): Promise<Serving> {
  const { loaded, version, notify } = options;
  const state = await createState(options);
  const { log, foundation } = state;
  log.info(`Starting oai-serve ${version} ...`);
  describe(state.current);
  const { handler, learnModels } = state.current.application;
  const listener = createListener(handler, loaded.config.listen);
  const url = await listen(listener, loaded).catch(async (error: unknown) => {
    await closeAll(state, options.agentFiles);
    throw error;
  });
  void learnModels();
  state.current.application.batches.start();
  const reload = createReload(reloadSteps(state, listener, options));
  options.agentFiles.watch((reason) => reload.request(reason));
  const shutdown = createShutdown({
    server: {
      ...listener,
      setReady: (ready) => (foundation.isReady = ready),
      async drain() {
        await Promise.all([listener.drain(), ...[...state.live].map(({ batches }) => batches.drain())]);
      },
    },
    close: () => closeAll(state, options.agentFiles),
    times: () => state.current.loaded.config.shutdown,
    onBegin() {
      reload.stop();
      notify?.stopping();
    },
    log,
  });
  return {
    url,
    log,
    shutdown,
    reload,
    announce() {
      log.info(`✓ Server started on ${url}`);
      log.info(`✓ Endpoint: ${url}/v1/chat/completions`);
      log.info(`✓ Docs: ${url}/docs`);
      notify?.ready();
    },
  };
}

async function createState({ loaded, createLog, agentFiles }: ServeOptions): Promise<State> {
  let state: State | undefined;
  const firstLog = createLog(loaded);
  const log = createCurrentLog(() => state?.current.log ?? firstLog);
  const stored = () => (state?.current.loaded ?? loaded).config.conversations;
  const foundation = createFoundation({
    log,
    store: loaded.config.store,
    isStoreChosen: loaded.isStoreChosen,
    expireMs: () => stored().expireMs,
    maxPerOwner: () => stored().maxPerKey,
    maxTotalBytes: () => stored().maxTotalBytes,
  });
  const current = await build(loaded, firstLog, { foundation, agentFiles }).catch(async (error: unknown) => {
    await Promise.all([closeFoundation(foundation), agentFiles.close()]);
    throw error;
  });
  state = { current, live: new Set([current.application]), foundation, log };
  try {
    await openStore(loaded, foundation);
  } catch (error) {
    await closeAll(state, agentFiles);
    throw error;
  }
  return state;
}

/** Rejects with `ConfigError` for a store that was chosen and cannot be used. */
async function openStore({ config, place }: LoadedConfig, { store }: Foundation): Promise<void> {
  try {
    await store.open();
  } catch (error) {
    throw unusableStore(config.store, { error, place });
  }
}

/** What it finds wrong belongs to the configuration: nothing is said to start before. */
async function build(
  loaded: LoadedConfig,
  log: Log,
  { foundation, agentFiles }: { foundation: Foundation; agentFiles: AgentFiles },
): Promise<Instance> {
  const { config, variable } = loaded;
  const files = await agentFiles.load(config, log);
  try {
    return { loaded, log, application: compose({ config, variable, files, log, foundation }) };
  } catch (error) {
    await files.close?.();
    throw error instanceof ConfigError ? loaded.relabel(error) : error;
  }
}

function describe({ loaded, application, log }: Instance): void {
  const { only } = loaded.config.agents;
  if (only !== undefined) log.info(`Agent: ${only}`);
  if (loaded.fileName !== undefined) log.info(`Config: ${loaded.fileName}`);
  for (const warning of loaded.warnings) log.warn(warning);
  for (const { id, kind, endpoint, isAgent } of application.backends) {
    if (isAgent === true) continue;
    log.info(`✓ Backend: ${id} (${kind}${endpoint === undefined ? "" : ` at ${endpoint}`})`);
  }
  for (const { id, modelName, isPrivate } of application.agents) {
    if (isPrivate) continue;
    log.info(`✓ Loaded agent: ${id}`);
    if (modelName !== undefined) log.info(`✓ Model: ${modelName}`);
  }
}

async function listen(listener: Listener, { config, place }: LoadedConfig): Promise<string> {
  try {
    return listener.listen().url;
  } catch (error) {
    throw explainListenError(error, config.listen, place);
  }
}

function reloadSteps(
  state: State,
  listener: Listener,
  { load, createLog, notify, agentFiles }: ServeOptions,
): ReloadSteps<Instance> {
  return {
    log: state.log,
    async build() {
      const next = await load();
      const { config, kept } = succeed(state.current.loaded.config, next.config);
      const { foundation } = state;
      const instance = await build({ ...next, config }, createLog(next), { foundation, agentFiles });
      describe(instance);
      for (const path of kept) instance.log.warn(`${next.place(path)}: changes at the next start only`);
      if (!next.enabled) instance.log.warn("OPENAI_COMPAT_ENABLE: changes at the next start only");
      return instance;
    },
    async probe({ application, log }) {
      await Promise.all([probeBackends(application.backends, log), application.learnModels()]);
    },
    swap(next) {
      const before = state.current.application;
      const requests = listener.replace(next.application.handler);
      state.current = next;
      state.live.add(next.application);
      state.log.info("✓ Configuration reloaded");
      const drained = before.batches.drain();
      next.application.batches.start();
      const close = async () => {
        await drained;
        state.live.delete(before);
        await before.close();
      };
      void retire({ requests, close, log: state.log });
    },
    discard: ({ application }) => application.close(),
    begun: () => notify?.reloading(),
    ended: () => notify?.ready(),
  };
}

async function closeAll({ foundation, live }: State, agentFiles: AgentFiles): Promise<void> {
  await Promise.all([...live].map((application) => application.close()));
  await Promise.all([closeFoundation(foundation), agentFiles.close()]);
}
