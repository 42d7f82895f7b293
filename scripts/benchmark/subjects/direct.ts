import { join } from "node:path";
import { pinned } from "../cores.ts";
import type { LoadResult } from "../load/closed-loop.ts";
import type { DirectOrder, DirectReply } from "./direct-main.ts";
import type { Subject } from "./subject.ts";

/** The same gRPC calls without anything between. */
export async function startDirect(port: number, core: string | undefined): Promise<Subject> {
  let pending = Promise.withResolvers<DirectReply | "ready">();
  const child = Bun.spawn(pinned([process.execPath, join(import.meta.dir, "direct-main.ts")], core), {
    stdin: "ignore",
    stdout: "inherit",
    stderr: "inherit",
    ipc: (message: DirectReply | "ready") => pending.resolve(message),
  });
  const ended = child.exited.then((code) => ({ failure: `it exited with ${code}` }));
  await Promise.race([pending.promise, ended]);
  return {
    name: "direct gRPC",
    pid: child.pid,
    serves: () => true,
    async run(workload, seconds): Promise<LoadResult> {
      pending = Promise.withResolvers();
      child.send({ port, workload, seconds } satisfies DirectOrder);
      const reply = await Promise.race([pending.promise, ended]);
      if (reply === "ready" || "failure" in reply) {
        throw new Error(`Direct calls: ${reply === "ready" ? "no result" : reply.failure}`);
      }
      return reply.result;
    },
    async stop() {
      child.kill();
      await child.exited;
    },
  };
}
