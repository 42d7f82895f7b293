import { isatty } from "node:tty";
import packageFile from "../../package.json" with { type: "json" };
import type { Registration } from "../agents/kit/registry.ts";
import type { CreateServer, ServerOptions } from "../agents/kit/server.ts";
import type { Flags } from "../config/given.ts";
import { loadConfig, type LoadedConfig } from "../config/load.ts";
import { ConfigError } from "../core/error.ts";
import { drivers } from "../drivers/index.ts";
import { serve, type Serving } from "../serve.ts";
import { maxLogChars } from "../telemetry/exchange.ts";
import { createLineWriter } from "../telemetry/line-writer.ts";
import { createLog } from "../telemetry/log.ts";
import type { AgentFiles } from "./agent-files.ts";
import { assertServerOptions, namingOptions, toFlags } from "./server-options.ts";

const flushMs = 1_000;

type Environment = NonNullable<ServerOptions["environment"]>;

/**
 * The server for programs that make their agents themselves: what its options leave open comes from `environment`
 * (`OAI_SERVE_*`), as for the executable.
 */
export function createAgentServer(environment: Environment): CreateServer {
  return (registry, options = {}) => {
    assertServerOptions(options);
    return {
      async listen(listen = {}) {
        const flags = toFlags(options, listen);
        const registrations = [...registry];
        if (registrations.length === 0) throw new ConfigError("The registry has no agents.");
        const lines = lineSink(options.log);
        const load = async () => loadSettings(flags, options.environment ?? environment);
        const serving = await start({ load, write: lines.write, agentFiles: ofRegistry(registrations) });
        serving.announce();
        return {
          url: serving.url,
          async close() {
            serving.shutdown.begin("close was called", 0);
            await serving.shutdown.done;
            await lines.flush();
          },
        };
      },
    };
  };
}

interface Start {
  load: () => Promise<LoadedConfig>;
  write: (line: string) => void;
  agentFiles: AgentFiles;
}

async function start({ load, write, agentFiles }: Start): Promise<Serving> {
  try {
    return await serve({
      loaded: await load(),
      load,
      createLog: ({ config: { log } }) => createLog({ ...log, write, maxChars: maxLogChars(log.content) }),
      version: packageFile.version,
      agentFiles,
    });
  } catch (error) {
    throw namingOptions(error);
  }
}

/** Where lines of the log go. */
function lineSink(log: ServerOptions["log"]): { write: (line: string) => void; flush: () => Promise<void> } {
  if (typeof log === "function") return { write: (line) => log(line.trimEnd()), flush: async () => {} };
  if (log === false) return { write() {}, flush: async () => {} };
  const writer = createLineWriter(1);
  return {
    write: writer.write,
    async flush() {
      await writer.flush(flushMs);
    },
  };
}

/** Without the demo: there are agents to talk to. Without the machine's store, unless somebody names it. */
function loadSettings(flags: Flags, environment: Environment): LoadedConfig {
  const loaded = loadConfig({ flags, environment, terminal: isatty(1), drivers });
  const { isStoreChosen, config: settings } = loaded;
  const config = isStoreChosen ? settings : { ...settings, store: "memory:" };
  if (config.defaultBackend !== "demo") return { ...loaded, config };
  const { demo: _demo, ...backends } = config.backends;
  const { defaultBackend: _default, ...rest } = config;
  return { ...loaded, config: { ...rest, backends } };
}

function ofRegistry(registrations: readonly Registration[]): AgentFiles {
  const agents = registrations.map((registration) => ({ ...registration, file: "the registry" }));
  return { load: async () => ({ agents }), faultOf: () => undefined, watch() {}, close: async () => {} };
}
