import { ServeError } from "../../core/error.ts";
import type { Log } from "../../core/log.ts";
import type { AgentContext, AgentPiece } from "../kit/agent.ts";
import { type FromWorker, isFromWorker, type ToWorker, type WireAgent } from "./messages.ts";
import { serveRun, type ServedRun, toWireContext } from "./serve-run.ts";
import { fromWireError } from "./wire-error.ts";

export interface WorkerProcessOptions {
  /** The program and its arguments; it ends in `runAgentWorker`. */
  command: readonly string[];
  files: readonly string[];
  log: Log;
  /** Longest wait for a cancelled run to end before the process is taken to hang, in milliseconds. */
  hangMs: number;
  /** While there are runs, it is asked that often whether it answers. */
  pingMs: number;
  /** The process has ended: with all its runs, if it was not closed. */
  onEnd: (how: string) => void;
}

/** What a worker process has loaded. */
export interface WorkerLoad {
  agents: readonly WireAgent[];
  modules: readonly string[];
}

export type LoadOutcome = ({ ok: true } & WorkerLoad) | { ok: false; problem: string };

/** One process that runs agents of files. */
export interface WorkerProcess {
  /** What became of the files. */
  readonly loaded: Promise<LoadOutcome>;
  /** Files whose top-level code runs. */
  readonly loading: ReadonlySet<string>;
  /** How much it has to do: runs, and far more if it does not answer. */
  readonly load: number;
  run(agent: string, context: AgentContext): AsyncIterable<AgentPiece>;
  /** Resolves once it has ended, which it does at once. */
  close(): Promise<void>;
}

/** Silence is told after so many times of asking. */
const silentPings = 8;
const closeMs = 2_000;
const silentLoad = 1_000_000;

export function startWorkerProcess(options: WorkerProcessOptions): WorkerProcess {
  const { command, files, log, hangMs, pingMs, onEnd } = options;
  const runs = new Map<number, ServedRun>();
  const loading = new Set<string>();
  const { promise: loaded, resolve: settleLoad } = Promise.withResolvers<LoadOutcome>();
  let lastNumber = 0;
  let isClosed = false;
  let isEnded = false;
  /** When it was asked, if it has not answered. */
  let askedAt: number | undefined;
  let isSilenceTold = false;
  let pings: ReturnType<typeof setInterval> | undefined;

  const handle = (message: FromWorker) => {
    if ("run" in message) {
      runs.get(message.run)?.handle(message);
      if (message.type === "ended") forget(message.run);
      return;
    }
    switch (message.type) {
      case "started":
        return send({ type: "load", files });
      case "loading":
        if (message.state === "begun") loading.add(message.file);
        else loading.delete(message.file);
        return;
      case "loaded":
        return settleLoad({ ok: true, ...message });
      case "refused":
        return settleLoad({ ok: false, problem: message.message });
      case "failed":
        return log.error("✗ Code of an agent file failed outside of a request", describe(message));
      case "pong":
        askedAt = undefined;
        isSilenceTold = false;
        return;
    }
  };

  const child = Bun.spawn([...command], {
    stdio: ["ignore", "inherit", "inherit"],
    serialization: "json",
    ipc(message: unknown) {
      if (isFromWorker(message)) handle(message);
    },
    onExit(_process, code, signal) {
      const how = signal === null ? `exit code ${code}` : `signal ${signal}`;
      isEnded = true;
      clearInterval(pings);
      const what = loading.size === 0 ? "agent files" : [...loading].join(", ");
      settleLoad({ ok: false, problem: `${what}: the process that loaded them ended (${how}).` });
      const failure = new ServeError("internal", "The process that ran this agent ended.", {
        code: "agent_worker_lost",
        shouldRetry: false,
        cause: new Error(how),
      });
      for (const run of runs.values()) run.fail(failure);
      runs.clear();
      if (!isClosed) onEnd(how);
    },
  });

  const send = (message: ToWorker) => {
    if (isEnded) return;
    try {
      child.send(message);
    } catch {
      // The channel is gone, and so will the process be: its end is told by `onExit`.
    }
  };

  const forget = (id: number) => {
    runs.delete(id);
    if (runs.size > 0) return;
    clearInterval(pings);
    pings = undefined;
    askedAt = undefined;
  };

  const ping = () => {
    if (askedAt === undefined) {
      askedAt = performance.now();
      send({ type: "ping" });
    } else if (!isSilenceTold && performance.now() - askedAt >= pingMs * silentPings) {
      isSilenceTold = true;
      log.warn("⚠ The event loop of a process for agents is blocked", {
        agents: namesOf(runs),
        process: child.pid,
      });
    }
  };

  const cancel = (id: number, agent: string) => {
    if (!runs.has(id)) return;
    send({ type: "cancel", run: id });
    const timer = setTimeout(() => {
      if (!runs.has(id)) return;
      log.error("✗ A process for agents is killed: it did not end a run that was cancelled", {
        agent,
        process: child.pid,
      });
      child.kill("SIGKILL");
    }, hangMs);
    timer.unref();
  };

  return {
    loaded,
    loading,
    get load() {
      const isSilent = askedAt !== undefined && performance.now() - askedAt > pingMs;
      return runs.size + (isSilent ? silentLoad : 0);
    },
    run(agent, context) {
      const id = ++lastNumber;
      const served = serveRun({
        run: id,
        agent,
        context,
        send,
        nextCall: () => ++lastNumber,
        onDone: () => cancel(id, agent),
      });
      runs.set(id, served);
      pings ??= setInterval(ping, pingMs).unref();
      send({ type: "run", run: id, agent, context: toWireContext(context) });
      return served.pieces;
    },
    async close() {
      isClosed = true;
      send({ type: "close" });
      const timer = setTimeout(() => child.kill("SIGKILL"), closeMs);
      await child.exited;
      clearTimeout(timer);
    },
  };
}

function namesOf(runs: ReadonlyMap<number, ServedRun>): string {
  return [...new Set([...runs.values()].map(({ agent }) => agent))].join(", ");
}

function describe({ error }: Extract<FromWorker, { type: "failed" }>) {
  const { name, message, stack } = fromWireError(error);
  return { cause: `${name}: ${message}`, stack };
}
