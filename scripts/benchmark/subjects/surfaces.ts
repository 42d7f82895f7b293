import { join } from "node:path";
import type { BackendPorts } from "../backend/main.ts";
import { servedModels } from "../measure/model-workloads.ts";
import { surfaceWorkloads } from "../measure/surface-workloads.ts";
import { portOf } from "./dialects.ts";
import { type GatewayOptions, startGateway } from "./gateway.ts";
import { runOverHttp, type Subject } from "./subject.ts";

/** oai-serve asked in each of its protocols, with a store in a file. */
export async function startSurfaces(
  ports: BackendPorts,
  options: Omit<GatewayOptions, "backendPort" | "models">,
): Promise<Subject> {
  const gateway = await startGateway({
    ...options,
    backendPort: portOf(ports, "vllm"),
    models: { text: servedModels.text },
    store: `sqlite:${join(options.directory, "bench.db")}`,
  });
  return {
    name: "oai-serve",
    pid: gateway.pid,
    serves: (workload) => surfaceWorkloads.some(({ name }) => name === workload.name),
    run: (workload, seconds) => runOverHttp(gateway.port, workload, seconds),
    stop: () => gateway.stop(),
  };
}
