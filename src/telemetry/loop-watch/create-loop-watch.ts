import { startWorker } from "../../core/start-worker.ts";
import type { Log } from "../../core/log.ts";
import type { LogLevel } from "../log.ts";
import {
  cellCount,
  firstAgentCell,
  maxAgents,
  stepCell,
  type WatchdogMessage,
  beatCell,
  agentCell,
} from "./cells.ts";
import { createBlockReport } from "./report.ts";

export interface LoopWatchOptions {
  log: Log;
  /** A step or a turn that takes at least so long is reported. */
  thresholdMs: number;
  /** How the thread writes that reports what does not end: to standard output, as the log does. */
  lines: { format: "pretty" | "json"; level: LogLevel };
}

/** Knows which agents are at work, and reports what holds up the event loop. */
export interface LoopWatch {
  /** `step` as a synchronous step of the agent with that id; its result as it is. */
  run<Result>(agentId: string, step: () => Result): Result;
  /** The agent is at work until the returned function is called. */
  enter(agentId: string): () => void;
  close(): void;
}

const beatMs = 100;

/**
 * Reports a step that takes too long with its agent; what else holds up the event loop while agents are at work with
 * their names; and, from a thread of its own, what does not end at all. Costs two readings of the clock a step.
 */
export function createLoopWatch({ log, thresholdMs, lines }: LoopWatchOptions): LoopWatch {
  const cells = new Int32Array(new SharedArrayBuffer(cellCount * Int32Array.BYTES_PER_ELEMENT));
  const indexes = new Map<string, number>();
  const report = createBlockReport(log);
  const watchdog = startWorker("telemetry/loop-watch/worker.ts");
  const post = (message: WatchdogMessage) => watchdog.postMessage(message, []);
  watchdog.unref();
  watchdog.addEventListener("error", ({ message }) => {
    log.warn("⚠ An event loop that stands still for ever will not be reported", { cause: message });
  });
  post({ type: "start", cells, ...lines });

  let timer: ReturnType<typeof setInterval> | undefined;
  let active = 0;
  let lastBeat = 0;
  /** Until then, what took long has been reported. */
  let reportedUntil = 0;
  /** Agents that ended since the last beat: what held it up may have been their last step. */
  let ended: string[] = [];

  const indexOf = (agentId: string) => {
    const known = indexes.get(agentId);
    if (known !== undefined) return known;
    // Those after the last place share it.
    const index = Math.min(indexes.size, maxAgents - 1);
    indexes.set(agentId, index);
    post({ type: "agent", index, id: agentId });
    return index;
  };

  const beat = () => {
    Atomics.add(cells, beatCell, 1);
    const now = performance.now();
    const blockedMs = now - Math.max(lastBeat, reportedUntil) - beatMs;
    if (blockedMs >= thresholdMs)
      report(blockedMs, { agents: [...new Set([...atWork(), ...ended])].join(", ") });
    lastBeat = now;
    ended = [];
    if (active > 0) return;
    clearInterval(timer);
    timer = undefined;
  };

  const atWork = () =>
    [...indexes].filter(([, index]) => Atomics.load(cells, firstAgentCell + index) > 0).map(([id]) => id);

  const startBeat = () => {
    lastBeat = performance.now();
    timer = setInterval(beat, beatMs);
    timer.unref();
  };

  return {
    run(agentId, step) {
      // No exchange: only this thread writes, and it costs five times as much.
      const outer = Atomics.load(cells, agentCell);
      Atomics.store(cells, agentCell, indexOf(agentId) + 1);
      Atomics.add(cells, stepCell, 1);
      const start = performance.now();
      try {
        return step();
      } finally {
        Atomics.store(cells, agentCell, outer);
        const now = performance.now();
        const blockedMs = now - Math.max(start, reportedUntil);
        if (blockedMs >= thresholdMs) {
          reportedUntil = now;
          report(blockedMs, { agent: agentId });
        }
      }
    },
    enter(agentId) {
      const cell = firstAgentCell + indexOf(agentId);
      Atomics.add(cells, cell, 1);
      active++;
      if (timer === undefined) startBeat();
      let isOver = false;
      return () => {
        if (isOver) return;
        isOver = true;
        Atomics.sub(cells, cell, 1);
        active--;
        if (!ended.includes(agentId)) ended.push(agentId);
      };
    },
    close() {
      clearInterval(timer);
      watchdog.terminate();
    },
  };
}
