import { ServeError } from "../../core/error.ts";
import type { AgentEvent, AgentGeneration, AgentGenerationResult } from "../kit/agent.ts";

type Pieces = AsyncGenerator<readonly AgentEvent[], AgentGenerationResult>;

export interface Reading {
  /** Aborts with that of the run, when the reader leaves before the end, even in the middle of a read, and when reading fails. */
  signal: AbortSignal;
  /** Only the result is wanted: pieces need not be given. */
  isWhole: boolean;
}

/** What `start` gives, once it is read; `start` is called once at most. */
export function createGeneration(start: (reading: Reading) => Pieces, signal: AbortSignal): AgentGeneration {
  let isOpen = false;
  const ended = Promise.withResolvers<AgentGenerationResult>();
  // Whoever reads the stream sees the failure there.
  ended.promise.catch(() => {});

  const open = (isWhole: boolean): AsyncIterator<readonly AgentEvent[], undefined> => {
    if (isOpen) throw new Error("A generation can be read only once.");
    isOpen = true;
    const controller = new AbortController();
    const onAbort = () => controller.abort(signal.reason);
    if (signal.aborted) onAbort();
    signal.addEventListener("abort", onAbort, { once: true });
    const pieces = start({ signal: controller.signal, isWhole });
    const end = (reason: unknown) => {
      signal.removeEventListener("abort", onAbort);
      ended.reject(reason);
      controller.abort(reason);
    };
    return {
      // By `then`, which costs every batch less than a function that waits.
      next: () =>
        pieces.next().then(
          (read) => {
            if (read.done !== true) return read;
            signal.removeEventListener("abort", onAbort);
            ended.resolve(read.value);
            return over;
          },
          (error: unknown) => {
            const failure = asOurs(error);
            end(failure);
            throw failure;
          },
        ),
      async return() {
        end(unread);
        // Not awaited: it queues behind a pending read, and the signal has told everybody.
        pieces.return(ended.promise).then(undefined, () => {});
        return over;
      },
    };
  };

  let whole: Promise<AgentGenerationResult> | undefined;
  const readWhole = async (): Promise<AgentGenerationResult> => {
    if (isOpen) return await ended.promise;
    const pieces = open(true);
    while ((await pieces.next()).done !== true);
    return await ended.promise;
  };
  const result = async () => await (whole ??= readWhole());

  return {
    [Symbol.asyncIterator]: () => open(false),
    result,
    text: async () => (await result()).text,
  };
}

/**
 * A failure on its way to the agent, in a form that says whose it is: an agent that does not wait for it must not look
 * like a fault of the server.
 */
function asOurs(thrown: unknown): unknown {
  if (thrown instanceof ServeError || !(thrown instanceof Error)) return thrown;
  return new ServeError("internal", "The agent failed.", {
    code: "agent_failed",
    shouldRetry: false,
    cause: thrown,
  });
}

const over = { done: true, value: undefined } as const;
const unread = new ServeError("canceled", "The generation was not read to its end.");
