import type { AgentContext, AgentEvent, AgentGenerateOptions, AgentPiece } from "../kit/agent.ts";
import type { AgentTool } from "../kit/tool.ts";
import { createInlet } from "./inlet.ts";
import type { FromWorker, OfRun, ToWorker, WireContext, WireOptions } from "./messages.ts";
import { createOutlet, type Outlet } from "./outlet.ts";
import { fromWireError, toWireError } from "./wire-error.ts";

/** The server's side of a run in a worker process. */
export interface ServedRun {
  readonly agent: string;
  /** What the agent says; read once. */
  readonly pieces: AsyncIterable<AgentPiece>;
  handle(message: OfRun): void;
  /** The process is gone, or the run is not wanted any more. */
  fail(reason: unknown): void;
}

export interface ServedRunDeps {
  /** The run's number. */
  run: number;
  agent: string;
  context: AgentContext;
  send: (message: ToWorker) => void;
  nextCall: () => number;
  /** The pieces are not read any more. */
  onDone: () => void;
}

interface Call {
  resolve: (result: unknown) => void;
  reject: (reason: unknown) => void;
}

/** Gives the run what its context promises: the log, questions to models, and tools that call back. */
export function serveRun({ run, agent, context, send, nextCall, onDone }: ServedRunDeps): ServedRun {
  const calls = new Map<number, Call>();
  const outlets = new Map<number, { outlet: Outlet<AgentEvent>; stop: () => void }>();
  const inlet = createInlet<string | AgentEvent>({
    onTaken: (count) => send({ type: "taken", run, count }),
    onDone: () => finish(),
  });
  let isFinished = false;

  const finish = () => {
    if (isFinished) return;
    isFinished = true;
    context.signal.removeEventListener("abort", onAbort);
    stopAll(new DOMException("The run has ended.", "AbortError"));
    onDone();
  };

  const stopAll = (reason: unknown) => {
    for (const { reject } of calls.values()) reject(reason);
    calls.clear();
    for (const { stop } of outlets.values()) stop();
    outlets.clear();
  };

  const fail = (reason: unknown) => {
    stopAll(reason);
    inlet.fail(reason);
  };
  // Nobody may have begun to read, and then nobody would end the reading.
  const onAbort = () => {
    fail(context.signal.reason);
    finish();
  };
  context.signal.addEventListener("abort", onAbort, { once: true });

  const toTool = (
    generation: number,
    { place, ...facts }: Exclude<NonNullable<WireOptions["tools"]>[number], string>,
  ): AgentTool => ({
    ...facts,
    execute: (args, { signal, log: _log, ...toolContext }) =>
      new Promise((resolve, reject) => {
        const call = nextCall();
        const onCancel = () => {
          send({ type: "cancel-call", call });
          calls.get(call)?.reject(signal.reason);
        };
        const settle = (settled: () => void) => {
          calls.delete(call);
          signal.removeEventListener("abort", onCancel);
          settled();
        };
        calls.set(call, {
          resolve: (result) => settle(() => resolve(result)),
          reject: (reason) => settle(() => reject(reason)),
        });
        signal.addEventListener("abort", onCancel, { once: true });
        send({ type: "call", call, generation, tool: place, args, context: toolContext });
      }),
  });

  const generate = async ({ generation, options, whole }: Extract<FromWorker, { type: "generate" }>) => {
    const { tools, ...rest } = options;
    const given: AgentGenerateOptions = {
      ...rest,
      ...(tools !== undefined && {
        tools: tools.map((tool) => (typeof tool === "string" ? tool : toTool(generation, tool))),
      }),
    };
    try {
      const generating = context.generate(given);
      if (!whole) await sendEvents(generation, generating);
      send({ type: "generated", generation, result: await generating.result() });
    } catch (error) {
      send({ type: "generation-failed", generation, error: toWireError(error) });
    }
  };

  const sendEvents = async (generation: number, source: AsyncIterable<readonly AgentEvent[]>) => {
    const iterator = source[Symbol.asyncIterator]();
    const outlet = createOutlet<AgentEvent>((events) => send({ type: "events", generation, events }));
    const stop = () => {
      outlet.close();
      void Promise.try(() => iterator.return?.()).catch(() => {});
    };
    outlets.set(generation, { outlet, stop });
    try {
      for (let next = await iterator.next(); next.done !== true; next = await iterator.next()) {
        for (const event of next.value) {
          const wait = outlet.push(event);
          if (wait !== undefined) await wait;
        }
      }
      await outlet.flush();
    } finally {
      outlets.delete(generation);
    }
  };

  return {
    agent,
    pieces: inlet,
    fail,
    handle(message) {
      switch (message.type) {
        case "pieces":
          return inlet.receive(message.pieces);
        case "ended":
          return inlet.end(message.error === undefined ? undefined : fromWireError(message.error));
        case "log":
          return context.log.child(message.bound)[message.level](message.text, message.fields);
        case "generate":
          return void generate(message);
        case "events-taken":
          return outlets.get(message.generation)?.outlet.take(message.count);
        case "cancel-generation":
          return outlets.get(message.generation)?.stop();
        case "called": {
          const { call, result, error } = message;
          if (error === undefined) return calls.get(call)?.resolve(result);
          return calls.get(call)?.reject(fromWireError(error));
        }
      }
    },
  };
}

/** What can be sent of a request. */
export function toWireContext(context: AgentContext): WireContext {
  const { agent: _agent, signal: _signal, log: _log, generate: _generate, ...wire } = context;
  return wire;
}
