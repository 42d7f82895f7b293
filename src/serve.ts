import { createCurrentLog } from "./cli/current-log.ts";
import { explainListenError } from "./cli/listen-error.ts";
import type { Notify } from "./cli/notify.ts";
import { probeBackends } from "./cli/probe-backends.ts";
import { createReload, type Reload, type ReloadSteps } from "./cli/reload.ts";
import { retire } from "./cli/retire.ts";
import { createShutdown, type Shutdown } from "./cli/shutdown.ts";
import { closeFoundation, compose, createFoundation, type Application, type Foundation } from "./compose.ts";
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
}

/** A server that listens. */
export interface Serving {
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

/** Builds what the configuration describes and listens. Throws `ConfigError`, or `StartError` for the address. */
export function serve(options: ServeOptions): Serving {
  const { loaded, version, notify } = options;
  const state = createState(options);
  const { log, foundation } = state;
  log.info(`Starting oai-serve ${version} ...`);
  describe(state.current);
  const { handler, learnModels } = state.current.application;
  const listener = createListener(handler, loaded.config.listen);
  const url = listen(listener, loaded);
  void learnModels();
  const reload = createReload(reloadSteps(state, listener, options));
  const shutdown = createShutdown({
    server: { ...listener, setReady: (ready) => (foundation.isReady = ready) },
    close: () => closeAll(state),
    times: () => state.current.loaded.config.shutdown,
    onBegin() {
      reload.stop();
      notify?.stopping();
    },
    log,
  });
  return {
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

function createState({ loaded, createLog }: ServeOptions): State {
  let state: State | undefined;
  const firstLog = createLog(loaded);
  const log = createCurrentLog(() => state?.current.log ?? firstLog);
  const foundation = createFoundation(log);
  const current = build(loaded, firstLog, foundation);
  state = { current, live: new Set([current.application]), foundation, log };
  return state;
}

/** Does no I/O, and what it finds wrong belongs to the configuration: nothing is said to start before. */
function build(loaded: LoadedConfig, log: Log, foundation: Foundation): Instance {
  try {
    return { loaded, log, application: compose(loaded.config, log, foundation) };
  } catch (error) {
    throw error instanceof ConfigError ? loaded.relabel(error) : error;
  }
}

function describe({ loaded, application, log }: Instance): void {
  if (loaded.fileName !== undefined) log.info(`Config: ${loaded.fileName}`);
  for (const warning of loaded.warnings) log.warn(warning);
  for (const { id, kind, endpoint } of application.backends) {
    log.info(`✓ Backend: ${id} (${kind}${endpoint === undefined ? "" : ` at ${endpoint}`})`);
  }
}

function listen(listener: Listener, { config, place }: LoadedConfig): string {
  try {
    return listener.listen().url;
  } catch (error) {
    throw explainListenError(error, config.listen, place);
  }
}

function reloadSteps(
  state: State,
  listener: Listener,
  { load, createLog, notify }: ServeOptions,
): ReloadSteps<Instance> {
  return {
    log: state.log,
    async build() {
      const next = await load();
      const { config, kept } = succeed(state.current.loaded.config, next.config);
      const instance = build({ ...next, config }, createLog(next), state.foundation);
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
      const close = async () => {
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

async function closeAll({ foundation, live }: State): Promise<void> {
  closeFoundation(foundation);
  await Promise.all([...live].map((application) => application.close()));
}
