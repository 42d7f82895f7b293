import type { Log } from "../core/log.ts";
import { startWorker } from "../core/start-worker.ts";
import type { Job, Reply } from "./messages.ts";

/** The worker's life, without what is said to it. */
export interface TokenThread {
  /** Starts the worker if there is none. False when there will be none any more. */
  start(): boolean;
  /** Only after `start` said that there is one. */
  post(job: Job): void;
  /** Ends a worker that does not do its work; the next `start` begins another. */
  lose(reason: string): void;
  close(): void;
}

export interface ThreadListener {
  receive(reply: Reply): void;
  /** The worker is gone, and with it everything that was posted. */
  lost(): void;
}

const maxRestarts = 3;
const forgivenAfterMs = 600_000;

/** `newWorker` is called again, at most 3 times in ten minutes, when a worker dies. */
export function createTokenThread(log: Log, newWorker: () => Worker, listener: ThreadListener): TokenThread {
  let worker: Worker | undefined;
  let starts = 0;
  let startedAt = 0;
  let closed = false;

  const drop = () => {
    worker?.terminate();
    worker = undefined;
    listener.lost();
  };

  const lose = (reason: string) => {
    drop();
    const restartsLeft = maxRestarts + 1 - starts;
    if (restartsLeft > 0)
      log.warn("the token counter stopped and will be restarted", { reason, restartsLeft });
    else log.error("the token counter stopped for good, counts are estimates from now on", { reason });
  };

  const listen = (started: Worker) => {
    const loseStarted = (reason: string) => {
      if (worker === started) lose(reason);
    };
    started.addEventListener("message", (event: MessageEvent<Reply>) => {
      if (worker === started) listener.receive(event.data);
    });
    started.addEventListener("error", (event) => loseStarted(event.message));
    started.addEventListener("close", () => loseStarted("the thread ended"));
    started.unref();
  };

  return {
    start() {
      if (worker !== undefined) return true;
      // One that has worked for a while owes nothing to those before it.
      if (performance.now() - startedAt > forgivenAfterMs) starts = 0;
      if (closed || starts > maxRestarts) return false;
      starts++;
      startedAt = performance.now();
      try {
        const started = newWorker();
        listen(started);
        worker = started;
        return true;
      } catch (error) {
        lose(String(error));
        return false;
      }
    },
    post(job) {
      worker?.postMessage(job, []);
    },
    lose,
    close() {
      closed = true;
      drop();
    },
  };
}

export function startTokenWorker(): Worker {
  return startWorker("tokens/worker.ts");
}
