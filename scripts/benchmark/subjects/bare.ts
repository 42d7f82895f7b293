import { join } from "node:path";
import { startAnnounced } from "../child.ts";
import { pinned } from "../cores.ts";
import { runOverHttp, type Subject } from "./subject.ts";

/** The floor under any HTTP server on Bun; it knows no streams and no backend. */
export async function startBare(directory: string, core: string | undefined): Promise<Subject> {
  const command = pinned([process.execPath, join(import.meta.dir, "bare-main.ts")], core);
  const { child, found } = await startAnnounced({ command, directory }, /^(\d+)$/m);
  return {
    name: "bare Bun.serve",
    pid: child.pid,
    serves: (workload) => workload.rpc === "infer",
    run: (workload, seconds) => runOverHttp(Number(found), workload, seconds),
    stop: () => child.stop(),
  };
}
