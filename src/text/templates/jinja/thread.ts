import { ServeError } from "../../../core/error.ts";
import { ready, type RenderJob, type RenderReply } from "./job.ts";

/** The thread in which templates are rendered, seen from the outside. */
export interface RenderThread {
  /**
   * One job after the other, in the order of asking. Rejects with `internal` when a job takes too long or its thread
   * dies, with `unavailable` when too many wait, and with the reason of `signal` once that aborts: a job that waits
   * is then forgotten, one that runs goes on without anybody to hear of it. The others are not touched by that.
   */
  run(job: RenderJob, signal?: AbortSignal): Promise<RenderReply>;
  close(): void;
}

export interface ThreadOptions {
  newWorker: () => Worker;
  /** For the start of the thread and its libraries. */
  startMs: number;
  /**
   * For one job, and a second more for each MiB of variables; a thread that takes longer is ended, and the next job
   * has another one.
   */
  runMs: number;
}

const maxWaiting = 1_024;
/** Of variables. */
const maxWaitingCharacters = 134_217_728;
const charactersAMs = 1_048;

interface Waiting {
  job: RenderJob;
  result: PromiseWithResolvers<RenderReply>;
}

/** Starts nothing before the first job. */
export function createRenderThread({ newWorker, startMs, runMs }: ThreadOptions): RenderThread {
  const waiting = new Set<Waiting>();
  let waitingCharacters = 0;
  let worker: Worker | undefined;
  let isReady = false;
  let current: Waiting | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;

  const enter = (entry: Waiting) => {
    waiting.add(entry);
    waitingCharacters += entry.job.variables.length;
  };

  const leave = (entry: Waiting | undefined): Waiting | undefined => {
    if (entry === undefined || !waiting.delete(entry)) return undefined;
    waitingCharacters -= entry.job.variables.length;
    return entry;
  };

  const takeFirst = () => leave(waiting.values().next().value);

  /** Ends the thread. The job that it had, or for whose sake it was started, fails. */
  const lose = (reason: string) => {
    clearTimeout(timer);
    worker?.terminate();
    worker = undefined;
    isReady = false;
    const lost = current ?? takeFirst();
    current = undefined;
    lost?.result.reject(renderFailure(reason));
    next();
  };

  const receive = (reply: RenderReply | typeof ready) => {
    clearTimeout(timer);
    if (reply === ready) isReady = true;
    else {
      current?.result.resolve(reply);
      current = undefined;
    }
    next();
  };

  const start = () => {
    let started: Worker;
    try {
      started = newWorker();
    } catch (error) {
      lose(String(error));
      return;
    }
    worker = started;
    timer = setTimeout(() => lose("The thread did not start in time."), startMs);
    started.addEventListener("message", (event: MessageEvent<RenderReply | typeof ready>) => {
      if (worker === started) receive(event.data);
    });
    started.addEventListener("error", (event) => {
      if (worker === started) lose(event.message);
    });
    started.addEventListener("close", () => {
      if (worker === started) lose("The thread ended.");
    });
    // A program that is done does not wait for it.
    started.unref();
  };

  const next = () => {
    if (current !== undefined || waiting.size === 0) return;
    if (worker === undefined) {
      start();
      return;
    }
    if (!isReady) return;
    current = takeFirst();
    if (current === undefined) return;
    const { job } = current;
    timer = setTimeout(
      () => lose("The template took too long."),
      runMs + job.variables.length / charactersAMs,
    );
    worker.postMessage(job, []);
  };

  return {
    async run(job, signal) {
      signal?.throwIfAborted();
      if (waiting.size >= maxWaiting || waitingCharacters > maxWaitingCharacters) throw overloaded();
      const entry: Waiting = { job, result: Promise.withResolvers<RenderReply>() };
      const giveUp = () => {
        leave(entry);
        entry.result.reject(signal?.reason);
      };
      signal?.addEventListener("abort", giveUp, { once: true });
      enter(entry);
      next();
      try {
        return await entry.result.promise;
      } finally {
        signal?.removeEventListener("abort", giveUp);
      }
    },
    close() {
      clearTimeout(timer);
      worker?.terminate();
      worker = undefined;
      isReady = false;
      for (const { result } of [...(current === undefined ? [] : [current]), ...waiting])
        result.reject(renderFailure("The thread was closed."));
      waiting.clear();
      waitingCharacters = 0;
      current = undefined;
    },
  };
}

/** For the client a fixed sentence: what failed concerns the operator. */
export function renderFailure(reason: string): ServeError {
  return new ServeError("internal", "The model's chat template could not be rendered.", {
    code: "chat_template_failed",
    shouldRetry: false,
    cause: new Error(reason),
  });
}

function overloaded(): ServeError {
  return new ServeError("unavailable", "Too many prompts wait to be rendered.", {
    code: "server_is_overloaded",
    retryAfterSeconds: 1,
  });
}
