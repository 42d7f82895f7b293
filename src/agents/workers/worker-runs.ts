import type { AgentContext, AgentEvent } from "../kit/agent.ts";
import type { LoadedAgent } from "../load/loaded.ts";
import { toPieces } from "../run/pieces.ts";
import type { FromWorker, ToWorker } from "./messages.ts";
import { createOutlet, type Outlet } from "./outlet.ts";
import { createRemoteGenerate, type RemoteGeneration } from "./remote-generate.ts";
import { createRemoteLog } from "./remote-log.ts";
import { fromWireError, toWireError } from "./wire-error.ts";

type Message<Type extends ToWorker["type"]> = Extract<ToWorker, { type: Type }>;

/** The runs of agents in a worker process. */
export interface WorkerRuns {
  start(message: Message<"run">, agents: readonly LoadedAgent[]): void;
  handle(message: Exclude<ToWorker, Message<"load" | "run" | "ping" | "close">>): void;
}

interface Run {
  id: number;
  controller: AbortController;
  outlet: Outlet<string | AgentEvent>;
  context: AgentContext;
}

/** A generation and the run that asked for it. */
interface OwnedGeneration extends RemoteGeneration {
  run: Run;
}

export function createWorkerRuns(send: (message: FromWorker) => void): WorkerRuns {
  const runs = new Map<number, Run>();
  const generations = new Map<number, OwnedGeneration>();
  const calls = new Map<number, AbortController>();
  let lastGeneration = 0;

  const createRun = ({ run: id, agent, context }: Message<"run">): Run => {
    const controller = new AbortController();
    const run: Run = {
      id,
      controller,
      outlet: createOutlet((pieces) => send({ type: "pieces", run: id, pieces })),
      context: {
        ...context,
        // JSON has no `undefined`.
        conversation: context.conversation,
        agent,
        signal: controller.signal,
        log: createRemoteLog((line) => send({ type: "log", run: id, ...line })),
        generate: createRemoteGenerate({
          run: id,
          signal: controller.signal,
          send,
          begin(generation) {
            lastGeneration++;
            generations.set(lastGeneration, { ...generation, run });
            return lastGeneration;
          },
          forget: (generation) => generations.delete(generation),
        }),
      },
    };
    return run;
  };

  /** Says so once, whatever the agent does afterwards. */
  const end = (run: Run, failure?: { thrown: unknown }) => {
    if (!runs.delete(run.id)) return;
    run.outlet.close();
    for (const [generation, { run: owner, fail }] of generations) {
      if (owner !== run) continue;
      generations.delete(generation);
      fail(new DOMException("The run has ended.", "AbortError"));
    }
    const error = failure === undefined ? undefined : toWireError(failure.thrown);
    send({ type: "ended", run: run.id, ...(error !== undefined && { error }) });
  };

  const call = async ({ call: id, generation, tool, args, context }: Message<"call">) => {
    const { run, tools } = generations.get(generation) ?? {};
    if (run === undefined) return;
    const controller = new AbortController();
    calls.set(id, controller);
    try {
      const result = await tools?.[tool]?.execute(args, {
        ...context,
        conversation: context.conversation,
        signal: AbortSignal.any([controller.signal, run.controller.signal]),
        log: run.context.log,
      });
      send({ type: "called", run: run.id, call: id, result });
    } catch (error) {
      send({ type: "called", run: run.id, call: id, error: toWireError(error) });
    } finally {
      calls.delete(id);
    }
  };

  /** It is told nothing more afterwards. */
  const take = (id: number) => {
    const generation = generations.get(id);
    generations.delete(id);
    return generation;
  };

  const cancel = (run: Run | undefined) => {
    if (run === undefined) return;
    run.controller.abort();
    end(run);
  };

  return {
    start(message, agents) {
      const run = createRun(message);
      runs.set(run.id, run);
      const loaded = agents.find(({ id }) => id === message.agent);
      perform(loaded, run).then(
        () => end(run),
        (thrown: unknown) => end(run, { thrown }),
      );
    },
    handle(message) {
      switch (message.type) {
        case "cancel":
          return cancel(runs.get(message.run));
        case "taken":
          return runs.get(message.run)?.outlet.take(message.count);
        case "events":
          return generations.get(message.generation)?.receive(message.events);
        case "generated":
          return take(message.generation)?.end(message.result);
        case "generation-failed":
          return take(message.generation)?.fail(fromWireError(message.error));
        case "call":
          return void call(message);
        case "cancel-call":
          return calls.get(message.call)?.abort();
      }
    },
  };
}

async function perform(
  loaded: LoadedAgent | undefined,
  { controller: { signal }, outlet, context }: Run,
): Promise<void> {
  if (loaded === undefined) throw new Error(`The agent files have no agent '${context.agent}' any more.`);
  const pieces = toPieces(await loaded.agent.run(context));
  // Not awaited: it queues behind a pending read.
  const stop = () => void Promise.try(() => pieces.return?.()).catch(() => {});
  signal.addEventListener("abort", stop, { once: true });
  if (signal.aborted) stop();
  try {
    for (;;) {
      const { done, value } = await pieces.next();
      if (done === true) break;
      for (const piece of [value].flat()) {
        const wait = outlet.push(piece);
        if (wait !== undefined) await wait;
      }
    }
  } finally {
    await outlet.flush();
  }
}
