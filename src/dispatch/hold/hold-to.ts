import { ServeError } from "../../core/error.ts";
import type { CallContext, EventBatch, GenerationRequest } from "../../core/generation.ts";
import type { SchemaChecker } from "../../json-schema/checker.ts";
import { type BackendCall, callBackend } from "../backend-call.ts";
import type { Timeouts } from "../deadlines.ts";
import { cutText } from "./cut-text.ts";
import type { Demand } from "./demand.ts";
import { HeldAnswer } from "./held-answer.ts";
import type { HoldRoom } from "./hold-room.ts";
import { isFailure, judge, type Failure } from "./judge.ts";
import { askAgain, notMet } from "./repair.ts";

export interface HoldDeps {
  schemas: SchemaChecker;
  /** For all choices of the request. */
  room: HoldRoom;
  /** Further calls for an answer that is not what was demanded. */
  maxRepairs: number;
  timeouts: Timeouts;
  /** The request as the backend can take it; rejects when the repair has made it too long. */
  fit(request: GenerationRequest): Promise<GenerationRequest>;
}

/**
 * The answer to a call of one choice, held to `demand`: what does not meet it is asked for again, with what is wrong,
 * and in the end fails with `upstream` (`response_format_not_met`, `tool_choice_not_met`). A code fence and words
 * around the one JSON value that fits are cut off. The request asks in words already (`askInWords`). Reasoning is not
 * held back, and comes of every attempt. `total` of the timeouts is for all attempts together.
 */
export async function* holdTo(
  call: BackendCall,
  demand: Demand,
  context: CallContext,
  deps: HoldDeps,
): AsyncGenerator<EventBatch> {
  const startedAt = performance.now();
  let { request } = call;
  let hasGivenText = false;
  for (let attempt = 1; ; attempt++) {
    const isRepair = attempt > 1;
    using answer = new HeldAnswer({ demand, room: deps.room, isRepair, hasGivenText });
    const attempted: BackendCall = {
      ...call,
      request,
      onEnd: (account) => call.onEnd(isRepair ? { ...account, repair: request } : account),
    };
    for await (const batch of callBackend(attempted, context, timeLeft(deps.timeouts, startedAt))) {
      const events = answer.take(batch);
      hasGivenText ||= events.some((event) => event.type === "text-delta" && event.text !== "");
      if (events.length > 0) yield events;
      if (answer.wrongCall !== undefined) break;
    }
    if (answer.isSettled) return;
    const verdict = await judge(answer, demand, { schemas: deps.schemas, signal: context.signal });
    if (!isFailure(verdict)) {
      const { value } = verdict;
      const events = answer.release();
      yield value === undefined ? events : cutText(events, value.start, value.end);
      return;
    }
    context.log.debug("An answer is not what was demanded", { attempt, failure: verdict.kind });
    if (attempt > deps.maxRepairs) throw notMet(verdict, attempt);
    request = await fitted(askAgain(request, answer, { failure: verdict, demand }), {
      failure: verdict,
      attempt,
      deps,
    });
  }
}

async function fitted(
  request: GenerationRequest,
  { failure, attempt, deps }: { failure: Failure; attempt: number; deps: HoldDeps },
): Promise<GenerationRequest> {
  try {
    return await deps.fit(request);
  } catch (error) {
    // The client's prompt had its place; what the repair adds to it is no fault of the client's.
    if (error instanceof ServeError && error.code === "context_length_exceeded")
      throw notMet(failure, attempt);
    throw error;
  }
}

function timeLeft(timeouts: Timeouts, startedAt: number): Timeouts {
  if (timeouts.totalMs === 0) return timeouts;
  return { ...timeouts, totalMs: Math.max(1, timeouts.totalMs - (performance.now() - startedAt)) };
}
