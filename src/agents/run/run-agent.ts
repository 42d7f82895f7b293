import { ServeError } from "../../core/error.ts";
import type { CallContext, EventBatch, GenerationEvent, GenerationRequest } from "../../core/generation.ts";
import { nextTurn } from "../../core/next-turn.ts";
import type { Agent, AgentPiece } from "../kit/agent.ts";
import { frameOf } from "../load/frame.ts";
import { createAgentGenerate } from "../loop/generate.ts";
import { createRunRecord, type RunRecord } from "../loop/record.ts";
import { createAgentContext } from "./context.ts";
import type { AgentEnvironment } from "./environment.ts";
import { toPieces } from "./pieces.ts";
import { toError } from "./thrown.ts";
import { EventReader } from "./to-events.ts";

export interface AgentCall {
  /** Under which the agent was asked. */
  id: string;
  agent: Agent;
  request: GenerationRequest;
  context: CallContext;
  environment: AgentEnvironment;
}

/** For so long an agent that never waits may keep everybody else from their turn. */
const maxTurnMs = 10;

/**
 * Runs the agent for one request, as one answer. Throws what its questions to models throw, and `internal`
 * (`agent_failed`) for everything else that goes wrong in it, with its own words in the cause only. When the signal
 * aborts, the agent's stream is ended; one that takes no notice is not waited for by those who read here through
 * `abortable`.
 */
export async function* runAgent(call: AgentCall): AsyncGenerator<EventBatch> {
  const { id, request, context, environment } = call;
  const startedAt = performance.now();
  context.onAgent?.(id);
  const record = createRunRecord();
  const reader = new EventReader(request.extra["include_steps"] === true);
  let leave = environment.loopWatch?.enter(id);
  let pieces: Pieces | undefined;
  const end = () => {
    leave?.();
    leave = undefined;
    if (pieces !== undefined) void endPieces(pieces);
  };
  context.signal.addEventListener("abort", end, { once: true });
  try {
    pieces = await start(call, record);
    let turnStartedAt = startedAt;
    for (;;) {
      context.signal.throwIfAborted();
      const { done, value } = await pieces.next();
      if (done === true) break;
      // A batch for each piece: the pieces of a model come as batches already.
      const events: GenerationEvent[] = [];
      reader.read(value, events);
      if (events.length > 0) yield events;
      if (performance.now() - turnStartedAt < maxTurnMs) continue;
      await nextTurn();
      turnStartedAt = performance.now();
    }
    yield endOf(reader, record, performance.now() - startedAt);
  } catch (error) {
    throw asFailure(error, call);
  } finally {
    context.signal.removeEventListener("abort", end);
    end();
  }
}

/** An iterator, async or not. */
interface Pieces {
  next(): Promise<IteratorResult<AgentPiece>> | IteratorResult<AgentPiece>;
  return?(): unknown;
}

/** The pieces of the agent's answer, each of its steps known to the watch. */
async function start(call: AgentCall, record: RunRecord): Promise<Pieces> {
  const { id, agent, request, context, environment } = call;
  const { loopWatch } = environment;
  const generate = createAgentGenerate({ ...call, record });
  const agentContext = createAgentContext({ id, request, context, generate });
  context.signal.throwIfAborted();
  if (loopWatch === undefined) return toPieces(await agent.run(agentContext));
  const pieces = toPieces(await loopWatch.run(id, () => agent.run(agentContext)));
  return {
    next: () => loopWatch.run(id, () => pieces.next()),
    return: () => loopWatch.run(id, () => pieces.return?.()),
  };
}

/** Not awaited: it queues behind a pending read. An agent that fails while it is ended has nobody to tell. */
async function endPieces(pieces: Pieces): Promise<void> {
  try {
    await pieces.return?.();
  } catch {
    // As said above.
  }
}

function endOf(reader: EventReader, record: RunRecord, elapsedMs: number): EventBatch {
  const usage = reader.usage ?? record.usage;
  return [
    {
      type: "metadata",
      fields: {
        ...reader.metadata,
        execution_time_seconds: Math.round(elapsedMs / 10) / 100,
        agents_used: record.agents,
        iterations: reader.steps ?? record.iterations,
      },
    },
    { type: "finish", choice: 0, reason: reader.finish },
    ...(usage === undefined ? [] : [{ type: "usage" as const, usage }]),
  ];
}

/** What went wrong while the agent was ended is the doing of whoever ended it. */
function asFailure(thrown: unknown, { id, context }: AgentCall): unknown {
  if (context.signal.aborted) return context.signal.reason;
  const error = toError(thrown);
  if (error instanceof ServeError) return error;
  const place = frameOf(error);
  return new ServeError("internal", "The agent failed.", {
    code: "agent_failed",
    shouldRetry: false,
    cause: new Error(`the agent '${id}' failed${place === undefined ? "" : ` at ${place}`}`, {
      cause: error,
    }),
  });
}
