import { isatty } from "node:tty";
import packageFile from "../../package.json" with { type: "json" };
import type { CreateServer } from "../agents/kit/server.ts";
import type { Registration } from "../agents/kit/registry.ts";
import type { Flags } from "../config/given.ts";
import { loadConfig, type LoadedConfig } from "../config/load.ts";
import { ConfigError } from "../core/error.ts";
import { drivers } from "../drivers/index.ts";
import { serve } from "../serve.ts";
import { maxLogChars } from "../telemetry/exchange.ts";
import { createLineWriter } from "../telemetry/line-writer.ts";
import { createLog } from "../telemetry/log.ts";
import type { AgentFiles } from "./agent-files.ts";

const flushMs = 1_000;

/**
 * The server for programs that make their agents themselves: settings come from `environment` (`OAI_SERVE_*`), as for
 * the executable.
 */
export function createAgentServer(environment: Readonly<Record<string, string | undefined>>): CreateServer {
  return (registry) => ({
    async listen({ host, port } = {}) {
      const flags = {
        ...(host && { "--host": [host] }),
        ...(port !== undefined && { "--port": [String(port)] }),
      };
      const registrations = [...registry];
      if (registrations.length === 0) throw new ConfigError("The registry has no agents.");
      const load = async () => loadSettings(flags, environment);
      const writer = createLineWriter(1);
      const serving = await serve({
        loaded: await load(),
        load,
        createLog: ({ config: { log } }) =>
          createLog({ ...log, write: writer.write, maxChars: maxLogChars(log.content) }),
        version: packageFile.version,
        agentFiles: ofRegistry(registrations),
      });
      serving.announce();
      return {
        url: serving.url,
        async close() {
          serving.shutdown.begin("close was called", 0);
          await serving.shutdown.done;
          await writer.flush(flushMs);
        },
      };
    },
  });
}

/** Without the demo: there are agents to talk to. */
function loadSettings(flags: Flags, environment: Readonly<Record<string, string | undefined>>): LoadedConfig {
  const loaded = loadConfig({ flags, environment, terminal: isatty(1), drivers });
  if (loaded.config.defaultBackend !== "demo") return loaded;
  const { demo: _demo, ...backends } = loaded.config.backends;
  const { defaultBackend: _default, ...config } = loaded.config;
  return { ...loaded, config: { ...config, backends } };
}

function ofRegistry(registrations: readonly Registration[]): AgentFiles {
  const agents = registrations.map((registration) => ({ ...registration, file: "the registry" }));
  return { load: async () => ({ agents }), faultOf: () => undefined, watch() {}, close: async () => {} };
}
