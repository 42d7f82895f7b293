import type { Log } from "../core/log.ts";
import { within } from "../core/within.ts";
import { describeCause } from "../telemetry/cause.ts";

/** Requests that began under a configuration which has been replaced. */
export interface Retiring {
  readonly size: number;
  /** Whether all of them ended within so many milliseconds. */
  idle(milliseconds: number): Promise<boolean>;
  /** Ends what still runs: an error frame, then the end. */
  cancelAll(): void;
}

export interface RetireOptions {
  requests: Retiring;
  /** Closes the backends. */
  close: () => Promise<void>;
  log: Log;
}

const graceMs = 600_000;
/** How long cancelled requests may take to write their ending, and backends to close. */
const lastWordsMs = 2_000;

/** Lets what has been replaced finish its requests, at most 10 minutes, then closes it. Never rejects. */
export async function retire({ requests, close, log }: RetireOptions): Promise<void> {
  try {
    if (requests.size > 0) log.info(`${requests.size} requests go on under the configuration before`);
    if (!(await requests.idle(graceMs))) {
      log.warn(`Cancelling ${requests.size} requests that still run under a configuration before`);
      requests.cancelAll();
      await requests.idle(lastWordsMs);
    }
    await within(lastWordsMs, close, () => undefined);
  } catch (error) {
    log.error("What belonged to the configuration before could not be closed", {
      cause: describeCause(error),
    });
  }
}
