import type { Log } from "../core/log.ts";
import { within } from "../core/within.ts";
import { describeCause } from "../telemetry/cause.ts";

/** What stopping needs of a server. */
export interface Stoppable {
  setReady(ready: boolean): void;
  activeRequests(): number;
  /** Stops accepting, resolves when all running requests ended. */
  drain(): Promise<void>;
  /** Ends what still runs: an error frame, then the end. */
  cancelAll(): void;
  stop(): Promise<void>;
}

export interface ShutdownOptions {
  server: Stoppable;
  /** Closes the backends. */
  close: () => Promise<void>;
  /** As they are when stopping begins. */
  times: () => Times;
  /** Called once, when stopping begins. */
  onBegin?: () => void;
  log: Log;
}

interface Times {
  /** How long to serve on while reporting not ready. */
  delayMs: number;
  /** How long running requests may then take. */
  graceMs: number;
}

export interface Shutdown {
  /** Starts to stop; called again it only lets the worse exit code win. */
  begin(reason: string, exitCode: 0 | 1): void;
  readonly begun: boolean;
  /** The exit code, once everything has ended. */
  readonly done: Promise<number>;
}

/** How long cancelled requests may take to write their ending, and backends to close. */
const lastWordsMs = 2_000;

/** The way down: not ready while serving on, no new connections, running requests to their end, the rest cancelled. */
export function createShutdown({ server, close, times, onBegin, log }: ShutdownOptions): Shutdown {
  const { promise: done, resolve } = Promise.withResolvers<number>();
  let exitCode: number | undefined;

  const stop = async () => {
    const { delayMs, graceMs } = times();
    server.setReady(false);
    if (delayMs > 0) await Bun.sleep(delayMs);
    const running = server.activeRequests();
    if (running > 0) log.info(`Waiting for ${running} running requests, at most ${graceMs / 1_000} s`);
    const drained = server.drain();
    if (!(await endsWithin(graceMs, drained))) {
      log.warn(`Cancelling ${server.activeRequests()} requests that are still running`);
      server.cancelAll();
      await endsWithin(lastWordsMs, drained);
    }
    await endsWithin(lastWordsMs, Promise.all([server.stop(), close()]));
  };

  const run = async () => {
    try {
      await stop();
      log.info("✓ Stopped");
      resolve(exitCode ?? 0);
    } catch (error) {
      log.error("Stopping failed", { cause: describeCause(error) });
      resolve(1);
    }
  };

  return {
    begin(reason, code) {
      const first = exitCode === undefined;
      exitCode = Math.max(exitCode ?? 0, code);
      if (!first) return;
      onBegin?.();
      log.info(`Stopping: ${reason}`);
      void run();
    },
    get begun() {
      return exitCode !== undefined;
    },
    done,
  };
}

/** Whether the work ended in time; its failure is thrown. */
function endsWithin(milliseconds: number, work: Promise<unknown>): Promise<boolean> {
  return within(
    milliseconds,
    () => work.then(() => true),
    () => false,
  );
}
