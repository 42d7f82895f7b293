import type { AgentEvent, AgentGenerate, AgentGenerateOptions, AgentGenerationResult } from "../kit/agent.ts";
import type { AgentTool } from "../kit/tool.ts";
import { createInlet } from "./inlet.ts";
import type { FromWorker, WireOptions } from "./messages.ts";

/** A generation that runs in the server's process. */
export interface RemoteGeneration {
  /** Those with code in this process, by their places. */
  readonly tools: readonly AgentTool[];
  receive: (events: readonly AgentEvent[]) => void;
  /** Of a generation that was asked for as a whole, there is a result. */
  end: (result: AgentGenerationResult | undefined) => void;
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
  return (options) => {
    const result = () => readWhole(deps, options);
    return {
      text: async () => (await result()).text,
      result,
      [Symbol.asyncIterator]: () => readEvents(deps, options),
    };
  };
}

async function* readEvents(
  { run, signal, send, begin, forget }: RemoteGenerateDeps,
  options: AgentGenerateOptions,
): AsyncGenerator<readonly AgentEvent[]> {
  signal.throwIfAborted();
  const { tools, wire } = toWireOptions(options);
  const inlet = createInlet<AgentEvent>({
    onTaken: (count) => send({ type: "events-taken", run, generation, count }),
    onDone() {
      if (forget(generation)) send({ type: "cancel-generation", run, generation });
    },
  });
  const generation = begin({
    tools,
    receive: (events) => inlet.receive(events),
    end: () => inlet.end(),
    fail: (reason) => inlet.end(reason),
  });
  send({ type: "generate", run, generation, options: wire, whole: false });
  yield* inlet;
}

async function readWhole(
  { run, signal, send, begin }: RemoteGenerateDeps,
  options: AgentGenerateOptions,
): Promise<AgentGenerationResult> {
  signal.throwIfAborted();
  const { tools, wire } = toWireOptions(options);
  return await new Promise((resolve, reject) => {
    const generation = begin({
      tools,
      receive() {},
      end: (result) => (result === undefined ? undefined : resolve(result)),
      fail: reject,
    });
    send({ type: "generate", run, generation, options: wire, whole: true });
  });
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
