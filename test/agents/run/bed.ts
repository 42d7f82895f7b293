import type { Agent, AgentRun } from "../../../src/agents/kit/agent.ts";
import { defineAgent } from "../../../src/agents/kit/define-agent.ts";
import type { AgentGraph } from "../../../src/agents/kit/graph-types.ts";
import type { LoopWatch } from "../../../src/agents/run/environment.ts";
import { runAgent } from "../../../src/agents/run/run-agent.ts";
import type { EventBatch, GenerationEvent, GenerationRequest } from "../../../src/core/generation.ts";
import { assertContract } from "../../support/contract.ts";
import { type BedOptions, loopBed, type ModelScript } from "../../support/agents/loop-bed.ts";
import { callContext, type MemoryLog, run, textOf, textRequest } from "../../support/calls.ts";
import type { ScriptedBackend, Step } from "../../support/scripted.ts";

export interface RunBedOptions extends BedOptions {
  request?: Partial<GenerationRequest>;
  signal?: AbortSignal;
  loopWatch?: LoopWatch;
  /** What its models play. */
  script?: ModelScript | readonly (readonly Step[])[];
}

export interface RunBed {
  batches: AsyncGenerator<EventBatch>;
  log: MemoryLog;
  model: ScriptedBackend;
}

/** One run of an agent named `helper`. */
export function runBed(agent: Agent | AgentRun | AgentGraph, options: RunBedOptions = {}): RunBed {
  const { environment, model, log } = loopBed(options.script ?? [], options);
  const context = { ...callContext(options.signal, log), ...options.context };
  const batches = runAgent({
    id: "helper",
    agent: "namedTools" in agent ? agent : defineAgent({ name: "helper", run: agent }),
    request: textRequest({ model: "helper", ...options.request }),
    context,
    environment: { ...environment, ...(options.loopWatch && { loopWatch: options.loopWatch }) },
  });
  return { batches, log, model };
}

/** A run to its end, which must keep the event contract. */
export async function answerOf(agent: Agent | AgentRun | AgentGraph, options: RunBedOptions = {}) {
  const bed = runBed(agent, options);
  const { batches, failure } = await run(bed.batches);
  if (failure !== undefined) throw failure;
  assertContract(batches);
  const events = batches.flat();
  return {
    ...bed,
    batches,
    events,
    text: textOf(batches),
    finish: lastOf(events, "finish")?.reason,
    usage: lastOf(events, "usage")?.usage,
    metadata: lastOf(events, "metadata")?.fields,
  };
}

function lastOf<Type extends GenerationEvent["type"]>(events: readonly GenerationEvent[], type: Type) {
  return events.findLast((event): event is Extract<GenerationEvent, { type: Type }> => event.type === type);
}
