import { ConfigError } from "../core/error.ts";
import type { Log } from "../core/log.ts";
import { describeCause } from "../telemetry/cause.ts";

/** The steps of a reload; `Next` is what one configuration became. */
export interface ReloadSteps<Next> {
  /** Reads and checks the configuration and builds everything from it. Throws what is wrong with it. */
  build(): Promise<Next>;
  /** Asks what was built whether it works, in bounded time, and only tells: what is down now may come up later. */
  probe(next: Next): Promise<void>;
  /** Lets it serve from now on, and what was before to its end. */
  swap(next: Next): void;
  /** Gives up what was built. */
  discard(next: Next): Promise<void>;
  /** The first reload of a series begins; the last has ended. */
  begun(): void;
  ended(): void;
  log: Log;
}

export interface Reload {
  /** Starts a reload. While one runs, any number of requests are one more reload after it. */
  request(reason: string): void;
  /** Nothing is swapped any more. */
  stop(): void;
}

/** Replaces the configuration as a whole, or keeps the one before and says why. */
export function createReload<Next>(steps: ReloadSteps<Next>): Reload {
  const { log } = steps;
  let waiting: string | undefined;
  let isRunning = false;
  let isStopped = false;

  const reload = async (reason: string) => {
    log.info(`Reloading the configuration: ${reason}`);
    try {
      const next = await steps.build();
      await steps.probe(next);
      if (isStopped) await steps.discard(next);
      else steps.swap(next);
    } catch (error) {
      log.error("✗ The configuration was not reloaded; the one before stays");
      for (const line of explain(error)) log.error(`  ${line}`);
    }
  };

  const runAll = async () => {
    steps.begun();
    while (waiting !== undefined) {
      const reason = waiting;
      waiting = undefined;
      await reload(reason);
    }
    isRunning = false;
    if (!isStopped) steps.ended();
  };

  return {
    request(reason) {
      if (isStopped) return;
      waiting = reason;
      if (isRunning) return;
      isRunning = true;
      void runAll();
    },
    stop() {
      isStopped = true;
      waiting = undefined;
    },
  };
}

/** One line for each problem of a configuration. */
function explain(error: unknown): readonly string[] {
  if (!(error instanceof ConfigError)) return [describeCause(error) ?? "unknown error"];
  return error.message.split("\n").map((line) => line.trim());
}
