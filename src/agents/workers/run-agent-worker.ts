import { ConfigError } from "../../core/error.ts";
import { startWorker } from "../../core/start-worker.ts";
import { loadAgentFiles } from "../load/load-agent-files.ts";
import type { LoadedAgent } from "../load/loaded.ts";
import { isToWorker, type FromWorker, type ToWorker, type WireAgent } from "./messages.ts";
import { toWireError } from "./wire-error.ts";
import { createWorkerRuns } from "./worker-runs.ts";

export interface AgentWorkerOptions {
  /** What agent files import from "oai-serve". */
  kit: Readonly<Record<string, unknown>>;
}

/**
 * Runs the agents of files for the server that started this process, until that lets it go or is gone. Resolves to the
 * exit code. Rejects with a `ConfigError` where nobody is to be served.
 */
export async function runAgentWorker({ kit }: AgentWorkerOptions): Promise<number> {
  const server = process.send?.bind(process);
  if (server === undefined) throw new ConfigError("agent-worker: the server itself starts this command.");
  const send = (message: FromWorker) => {
    if (process.connected) server(message);
  };
  const guard = startWorker("agents/workers/parent-guard.ts");
  guard.unref();
  guard.addEventListener("error", ({ message }) =>
    send({ type: "failed", error: toWireError(new Error(message)) }),
  );
  // A terminal sends them to the server's children too; it lets them go when their requests have ended.
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => {});
  for (const event of ["uncaughtException", "unhandledRejection"] as const) {
    process.on(event, (error: unknown) => send({ type: "failed", error: toWireError(error) }));
  }
  const runs = createWorkerRuns(send);
  let agents: readonly LoadedAgent[] = [];
  const { promise: closed, resolve: close } = Promise.withResolvers<void>();

  const load = async (files: readonly string[]) => {
    try {
      const loaded = await loadAgentFiles({
        files,
        kit,
        onFile: (file, state) => send({ type: "loading", file, state }),
      });
      agents = loaded.agents;
      send({ type: "loaded", agents: agents.map(toWireAgent), modules: loaded.modules });
    } catch (error) {
      if (error instanceof ConfigError) send({ type: "refused", message: error.message });
      else send({ type: "failed", error: toWireError(error) });
    }
  };

  const handle = (message: ToWorker) => {
    if (message.type === "load") void load(message.files);
    else if (message.type === "run") runs.start(message, agents);
    else if (message.type === "ping") send({ type: "pong" });
    else if (message.type === "close") close();
    else runs.handle(message);
  };

  process.on("message", (message) => {
    if (isToWorker(message)) handle(message);
  });
  process.on("disconnect", () => close());
  send({ type: "started" });
  await closed;
  return 0;
}

function toWireAgent({ agent: { run: _run, ...agent }, ...loaded }: LoadedAgent): WireAgent {
  return { ...loaded, agent };
}
