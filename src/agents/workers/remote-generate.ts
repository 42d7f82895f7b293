import type { AgentEvent, AgentGenerate, AgentGenerateOptions, AgentGenerationResult } from "../kit/agent.ts";
import type { AgentTool } from "../kit/tool.ts";
import { createGeneration, type Reading } from "../loop/generation.ts";
import { createInlet } from "./inlet.ts";
import type { FromWorker, WireOptions } from "./messages.ts";

/** A generation that runs in the server's process. */
export interface RemoteGeneration {
  /** Those with code in this process, by their places. */
  readonly tools: readonly AgentTool[];
  receive: (events: readonly AgentEvent[]) => void;
  end: (result: AgentGenerationResult) => void;
  fail: (reason: unknown) => void;
}

export interface RemoteGenerateDeps {
  run: number;
  signal: AbortSignal;
  send: (message: FromWorker) => void;
  /** Gives the generation a number, under which messages for it come, until it ends or is forgotten. */
  begin: (generation: RemoteGeneration) => number;
  /** Whether it had not ended. */
  forget: (generation: number) => boolean;
}

/** `context.generate` of a worker process. */
export function createRemoteGenerate(deps: RemoteGenerateDeps): AgentGenerate {
  return (options) => createGeneration((reading) => ask(deps, options, reading), deps.signal);
}

async function* ask(
  { run, send, begin, forget }: RemoteGenerateDeps,
  options: AgentGenerateOptions,
  { signal, isWhole }: Reading,
): AsyncGenerator<readonly AgentEvent[], AgentGenerationResult> {
  signal.throwIfAborted();
  const { tools, wire } = toWireOptions(options);
  const ended = Promise.withResolvers<AgentGenerationResult>();
  const cancel = () => {
    if (forget(generation)) send({ type: "cancel-generation", run, generation });
  };
  const inlet = createInlet<AgentEvent>({
    onTaken: (count) => send({ type: "events-taken", run, generation, count }),
    onDone: cancel,
  });
  const generation = begin({
    tools,
    receive: (events) => inlet.receive(events),
    end(result) {
      ended.resolve(result);
      inlet.end();
    },
    fail: (reason) => inlet.end(reason),
  });
  const onAbort = () => {
    cancel();
    inlet.fail(signal.reason);
  };
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    send({ type: "generate", run, generation, options: wire, whole: isWhole });
    yield* inlet;
    return await ended.promise;
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}

function toWireOptions({ tools, ...options }: AgentGenerateOptions): {
  tools: AgentTool[];
  wire: WireOptions;
} {
  const own: AgentTool[] = [];
  const wired = tools?.map((tool) => {
    if (typeof tool === "string") return tool;
    const { name, description, parameters, timeoutMs } = tool;
    return {
      place: own.push(tool) - 1,
      name,
      ...(description !== undefined && { description }),
      ...(parameters !== undefined && { parameters }),
      ...(timeoutMs !== undefined && { timeoutMs }),
    };
  });
  return { tools: own, wire: { ...options, ...(wired !== undefined && { tools: wired }) } };
}
