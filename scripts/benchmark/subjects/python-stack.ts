import { existsSync } from "node:fs";
import { join } from "node:path";
import { startAnnounced } from "../child.ts";
import { pinned } from "../cores.ts";
import { runOverHttp, type Subject } from "./subject.ts";

const root = join(import.meta.dir, "../../..");
const environment = join(root, ".tools/bench-venv");

/** Whether `scripts/bench --seed-stack` has made the stack's environment. */
export function hasPythonStack(): boolean {
  return existsSync(join(environment, "complete"));
}

/** FastAPI, uvicorn and grpcio in front of the same backend: what such bridges are usually made of. */
export async function startPythonStack(
  directory: string,
  backendPort: number,
  core: string | undefined,
): Promise<Subject> {
  const server = join(import.meta.dir, "../seed-stack/server.py");
  const command = pinned([join(environment, "bin/python"), server, `127.0.0.1:${backendPort}`], core);
  const { child, found } = await startAnnounced(
    { command, directory, environment: { PYTHONPATH: join(environment, "generated") } },
    /running on http:\/\/127\.0\.0\.1:(\d+)/,
  );
  return {
    name: "Python stack",
    pid: child.pid,
    serves: (workload) => workload.stream || workload.rpc === "infer",
    run: (workload, seconds) => runOverHttp(Number(found), workload, seconds),
    stop: () => child.stop(),
  };
}
