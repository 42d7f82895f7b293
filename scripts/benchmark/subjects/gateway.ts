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
  /** Working directory; no configuration is in it. */
  directory: string;
  /** Port of the backend; without one, the built-in demo model answers. */
  backendPort?: number;
  core?: string | undefined;
}

/** Starts the executable and waits until it says that it is healthy. */
export async function startGateway({
  executable,
  directory,
  backendPort,
  core,
}: GatewayOptions): Promise<Gateway> {
  const port = freePort();
  const endpoint = `127.0.0.1:${backendPort}`;
  const backend =
    backendPort === undefined
      ? []
      : ["--anyserve-endpoint", endpoint, "--anyserve-stream-endpoint", endpoint];
  const child = startProcess({
    command: pinned(
      [
        executable,
        "--host",
        "127.0.0.1",
        "--port",
        `${port}`,
        "--log-level",
        "warn",
        "--log-content",
        "off",
        ...backend,
      ],
      core,
    ),
    directory,
  });
  await untilHealthy(port, child);
  return { pid: child.pid, port, stop: () => child.stop() };
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
