import { ConfigError, ServeError } from "../../core/error.ts";
import type { Log } from "../../core/log.ts";
import { within } from "../../core/within.ts";
import type { Agent, AgentContext, AgentPiece } from "../kit/agent.ts";
import type { LoadedAgent, LoadedAgents } from "../load/loaded.ts";
import { startWorkerProcess, type WorkerLoad, type WorkerProcess } from "./worker-process.ts";

export interface AgentWorkersOptions {
  /** How many processes. */
  count: number;
  /** Files and folders of agents, as absolute paths. */
  files: readonly string[];
  /** Starts a process that ends in `runAgentWorker`; this program with the command `agent-worker` unless told. */
  command?: readonly string[];
  log: Log;
  /** Longest wait for the files to be loaded, in milliseconds; 15 s unless told. */
  loadMs?: number;
  /** As in `WorkerProcessOptions`; 5 s and 250 ms unless told. */
  hangMs?: number;
  pingMs?: number;
}

/** Agents of files whose code runs in other processes. */
export interface AgentWorkers extends LoadedAgents {
  /** Lets the processes go; what still runs in them fails. */
  close(): Promise<void>;
}

const defaultHangMs = 5_000;
const defaultPingMs = 250;
/** A little more than the files themselves are given. */
const defaultLoadMs = 15_000;
/** Longest wait for a process that can take a run. */
const acquireMs = 10_000;
const firstRestartMs = 100;
const lastRestartMs = 10_000;
/** A process that has worked for so long owes nothing to those before it. */
const forgivenMs = 60_000;

/**
 * Starts `count` processes that load `files`, and gives their agents: a run goes to the process with the least to do.
 * One that ends takes its runs with it (`agent_worker_lost`) and is started again. Rejects with a `ConfigError` as
 * `loadAgentFiles` does.
 */
export async function createAgentWorkers(options: AgentWorkersOptions): Promise<AgentWorkers> {
  const pool = createPool(options);
  try {
    const { agents, modules } = await pool.load();
    return {
      agents: agents.map((loaded) => toLoadedAgent(loaded, pool)),
      modules,
      close: () => pool.close(),
    };
  } catch (error) {
    await pool.close();
    throw error;
  }
}

interface Pool {
  /** Resolves once all processes have loaded. Rejects with a `ConfigError`. */
  load(): Promise<WorkerLoad>;
  run(agent: string, context: AgentContext): AsyncIterable<AgentPiece>;
  close(): Promise<void>;
}

function createPool(options: AgentWorkersOptions): Pool {
  const { count, files, command = ownCommand(), log } = options;
  const { hangMs = defaultHangMs, pingMs = defaultPingMs, loadMs = defaultLoadMs } = options;
  const all = new Set<WorkerProcess>();
  const ready = new Set<WorkerProcess>();
  const waiting = new Set<() => void>();
  const timers = new Set<ReturnType<typeof setTimeout>>();
  let failures = 0;
  let isClosed = false;

  const start = async (): Promise<WorkerLoad> => {
    const startedAt = performance.now();
    const onEnd = (how: string) => {
      all.delete(worker);
      // One that never was ready is told by what it loaded.
      if (!ready.delete(worker)) return;
      if (performance.now() - startedAt > forgivenMs) failures = 0;
      log.error("✗ A process for agents ended and is started again", { how });
      restart();
    };
    const worker = startWorkerProcess({ command, files, log, hangMs, pingMs, onEnd });
    all.add(worker);
    const late = () => ({
      ok: false as const,
      problem: notLoaded(worker.loading, loadMs),
    });
    const outcome = await within(loadMs, () => worker.loaded, late);
    if (!outcome.ok || isClosed) {
      all.delete(worker);
      await worker.close();
      throw new ConfigError(outcome.ok ? "agent files: they are not needed any more." : outcome.problem);
    }
    ready.add(worker);
    for (const wake of waiting) wake();
    return outcome;
  };

  const restart = () => {
    if (isClosed) return;
    const timer = setTimeout(
      () => {
        timers.delete(timer);
        start().then(
          () => log.info("✓ A process for agents is started again"),
          (error: unknown) => {
            log.error("✗ A process for agents could not be started again", { cause: textOf(error) });
            restart();
          },
        );
      },
      Math.min(firstRestartMs * 2 ** failures++, lastRestartMs),
    );
    timer.unref();
    timers.add(timer);
  };

  /** The process with the least to do. */
  const pick = (): WorkerProcess | undefined => {
    const [first, ...others] = ready;
    if (first === undefined) return undefined;
    return others.reduce((least, worker) => (worker.load < least.load ? worker : least), first);
  };

  const untilReady = async (signal: AbortSignal): Promise<void> => {
    const { promise, resolve } = Promise.withResolvers<void>();
    signal.addEventListener("abort", () => resolve(), { once: true });
    waiting.add(resolve);
    try {
      await within(
        acquireMs,
        () => promise,
        () => {
          throw unavailable();
        },
      );
    } finally {
      waiting.delete(resolve);
    }
  };

  return {
    async load() {
      const outcomes = await Promise.allSettled(Array.from({ length: count }, start));
      for (const outcome of outcomes) if (outcome.status === "rejected") throw outcome.reason;
      const [first] = outcomes;
      if (first?.status !== "fulfilled") throw new ConfigError("At least one process has to run agents.");
      return first.value;
    },
    async *run(agent, context) {
      const { signal } = context;
      for (;;) {
        signal.throwIfAborted();
        const worker = pick();
        if (worker !== undefined) return yield* worker.run(agent, context);
        if (isClosed) throw unavailable();
        await untilReady(signal);
      }
    },
    async close() {
      isClosed = true;
      for (const timer of timers) clearTimeout(timer);
      for (const wake of waiting) wake();
      ready.clear();
      await Promise.all([...all].map((worker) => worker.close()));
    },
  };
}

function toLoadedAgent({ agent, ...loaded }: WorkerLoad["agents"][number], pool: Pool): LoadedAgent {
  const remote: Agent = { ...agent, run: (context) => pool.run(loaded.id, context) };
  return { ...loaded, agent: remote };
}

function notLoaded(files: ReadonlySet<string>, afterMs: number): string {
  if (files.size === 0) return `agent files: they were not loaded within ${afterMs / 1_000} s.`;
  return [...files].map((file) => `${file}: it was not loaded within ${afterMs / 1_000} s.`).join("\n");
}

function unavailable(): ServeError {
  return new ServeError("unavailable", "No process is there to run this agent.", {
    code: "agent_worker_unavailable",
    retryAfterSeconds: 1,
  });
}

function ownCommand(): readonly string[] {
  const entry = Bun.isStandaloneExecutable
    ? []
    : [Bun.fileURLToPath(new URL("../../main.ts", import.meta.url))];
  return [process.execPath, ...entry, "agent-worker"];
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
