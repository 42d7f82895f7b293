import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { startProcess } from "../child.ts";
import { pinned } from "../cores.ts";
import type { Workload } from "../load/exchange.ts";
import { freePort, untilHealthy } from "./health.ts";
import { runOverHttp, type Subject } from "./subject.ts";

export interface Gateway {
  pid: number;
  port: number;
  stop(): Promise<void>;
}

export interface GatewayOptions {
  executable: string;
  /** Working directory. */
  directory: string;
  /** Port of the backend; without one, the built-in demo model answers. */
  backendPort?: number;
  /** Models of the backend by id, with their settings as in the configuration; without them it is an AnyServe. */
  models?: Readonly<Record<string, ModelSettings>>;
  /** Files or folders of agents. */
  agentFiles?: readonly string[];
  /** URL of a store. */
  store?: string;
  core?: string | undefined;
}

export type ModelSettings = Readonly<Record<string, unknown>>;

/** Starts the executable and waits until it says that it is healthy. */
export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  const { executable, directory, core, store } = options;
  const port = freePort();
  const address = ["--host", "127.0.0.1", "--port", `${port}`];
  const log = ["--log-level", "warn", "--log-content", "off"];
  const kept = store === undefined ? [] : ["--store", store];
  const child = startProcess({
    command: pinned([executable, ...address, ...log, ...kept, ...backendFlags(options, port)], core),
    directory,
  });
  await untilHealthy(port, child);
  return { pid: child.pid, port, stop: () => child.stop() };
}

function backendFlags(options: GatewayOptions, port: number): string[] {
  const { backendPort, models, directory, agentFiles = [] } = options;
  if (backendPort === undefined) return agentFiles.flatMap((file) => ["--agent", file]);
  const endpoint = `127.0.0.1:${backendPort}`;
  if (models === undefined) return ["--anyserve-endpoint", endpoint, "--anyserve-stream-endpoint", endpoint];
  const file = join(directory, `config-${port}.yaml`);
  writeFileSync(file, JSON.stringify({ ...toConfiguration(endpoint, models), agent_files: agentFiles }));
  return ["--config", file];
}

function toConfiguration(endpoint: string, models: Readonly<Record<string, ModelSettings>>) {
  return {
    backends: { bench: { kind: "kserve", endpoint } },
    models: Object.fromEntries(
      Object.entries(models).map(([id, settings]) => [
        id,
        { backend: "bench", target: "bench", ...settings },
      ]),
    ),
  };
}

/** oai-serve in front of a backend that has only the unary rpc, or both. */
export async function startOaiServe(options: GatewayOptions, rpc: Workload["rpc"]): Promise<Subject> {
  const gateway = await startGateway(options);
  return {
    name: "oai-serve",
    pid: gateway.pid,
    serves: (workload) => workload.rpc === rpc,
    run: (workload, seconds) => runOverHttp(gateway.port, workload, seconds),
    stop: () => gateway.stop(),
  };
}
