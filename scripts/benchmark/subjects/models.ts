import type { BackendPorts } from "../backend/main.ts";
import { modelWorkloads, servedModels } from "../measure/model-workloads.ts";
import { portOf } from "./dialects.ts";
import { type GatewayOptions, startGateway } from "./gateway.ts";
import { runOverHttp, type Subject } from "./subject.ts";

/** oai-serve with several models on one server, which differ in how their text is read and their prompt written. */
export async function startModels(
  ports: BackendPorts,
  options: Omit<GatewayOptions, "backendPort" | "models">,
): Promise<Subject> {
  const gateway = await startGateway({
    ...options,
    backendPort: portOf(ports, "vllm"),
    models: servedModels,
  });
  return {
    name: "oai-serve",
    pid: gateway.pid,
    serves: (workload) => modelWorkloads.some(({ name }) => name === workload.name),
    run: (workload, seconds) => runOverHttp(gateway.port, workload, seconds),
    stop: () => gateway.stop(),
  };
}
