import { ServeError } from "../core/error.ts";
import type { Backend, CallContext, EventBatch, GenerationRequest, Usage } from "../core/generation.ts";
import { abortable } from "../core/stream.ts";
import { createDeadlines, type Timeouts } from "./deadlines.ts";
import { Edge, type EdgeCall, type EdgeTally, emptyTally } from "./edge.ts";

export interface BackendCall extends EdgeCall {
  backend: Backend;
  /** Called once when the call has ended and did not fail: after the last event, or when the reader went away. */
  onEnd(account: CallAccount): void;
}

/** What a call has cost. */
export interface CallAccount {
  /** What the backend says. */
  reported: Usage | undefined;
  tally: EdgeTally;
  /** The request of a call that was made because an earlier answer was not what was asked for. */
  repair?: GenerationRequest;
}

/** How long a backend that has finished every choice may take to report its usage. */
const usageWaitMs = 2_000;

/** One call of a backend, with an abort of its own: a stop string, the limit or a deadline ends it at once. */
export async function* callBackend(
  call: BackendCall,
  context: CallContext,
  timeouts: Timeouts,
): AsyncGenerator<EventBatch> {
  const { request, backend } = call;
  if (request.sampling.maxTokens === 0 && request.echoLogprobs !== true) {
    // Scoring with `echo`: nothing is to be generated, so nobody is asked.
    yield Array.from({ length: request.choices }, (_, choice) => ({
      type: "finish" as const,
      choice: call.firstChoice + choice,
      reason: "length" as const,
    }));
    call.onEnd({ reported: undefined, tally: emptyTally });
    return;
  }
  let end: "left" | "failed" | "read" = "left";
  const edge = new Edge(call);
  let reported: Usage | undefined;
  let lateUsage: ReturnType<typeof setTimeout> | undefined;

  const controller = new AbortController();
  const who = backend.isAgent === true ? "agent" : "backend";
  const deadlines = createDeadlines(timeouts, (error) => controller.abort(error), who);
  const follow = () => {
    deadlines.clear();
    controller.abort(context.signal.reason);
  };
  if (context.signal.aborted) follow();
  context.signal.addEventListener("abort", follow, { once: true });
  try {
    deadlines.waiting();
    const events = backend.generate(request, { ...context, signal: controller.signal });
    for await (const batch of abortable(events, controller.signal)) {
      const last = batch.at(-1);
      if (last?.type === "usage") reported = last.usage;
      const kept = edge.apply(batch);
      // What is dropped is no sign of life: a backend could write it for ever, and nobody would hear of it.
      const isAlive = kept.length > 0 || edge.isDone;
      if (isAlive) deadlines.arrived();
      // After the last choice only usage can come, and only from a backend that ended every choice itself.
      const isOver = edge.isDone && edge.isCut;
      if (isOver) controller.abort(complete);
      if (kept.length > 0) yield kept;
      if (isOver) break;
      if (edge.isDone) lateUsage ??= setTimeout(() => controller.abort(complete), usageWaitMs);
      if (isAlive) deadlines.waiting();
    }
    end = "read";
  } catch (error) {
    // The answer is whole: what becomes of the call does not matter any more.
    end = !edge.isDone || context.signal.aborted ? "failed" : "read";
    if (end === "failed") throw error;
  } finally {
    clearTimeout(lateUsage);
    deadlines.clear();
    context.signal.removeEventListener("abort", follow);
    controller.abort(complete);
    if (end === "left") call.onEnd({ reported, tally: edge.tally });
  }
  if (!edge.isDone) {
    throw new ServeError("upstream", "The backend ended its answer without saying why.", {
      code: "upstream_error",
    });
  }
  call.onEnd({ reported, tally: edge.tally });
}

/** One for all: an error of its own for each call would cost a stack trace that nobody reads. */
const complete = new ServeError("canceled", "The answer is complete.");
