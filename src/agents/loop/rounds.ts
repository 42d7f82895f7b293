import type {
  CallContext,
  EventBatch,
  FinishReason,
  GenerationRequest,
  Message,
  ToolCall,
  Usage,
} from "../../core/generation.ts";
import { mapAtMost } from "../../core/map-at-most.ts";
import type { AgentEvent, AgentGenerationResult } from "../kit/agent.ts";
import type { AgentEnvironment } from "../run/environment.ts";
import { asAgentFailure, countModelCall, countToolCall, iterationsExceeded } from "./failures.ts";
import type { HiddenTurns } from "./hidden-turns.ts";
import { isOfClient } from "./is-of-client.ts";
import { createCallLog } from "./log-calls.ts";
import { assistantMessage, readableCall, toAgentMessage, toolMessage } from "./messages.ts";
import { choiceOfRound, type Offer, type Round } from "./offer.ts";
import { type RunRecord, sumUsage } from "./record.ts";
import { runCall } from "./run-call.ts";
import { stepOf } from "./steps.ts";
import { Turn } from "./turn.ts";

export interface Rounds {
  /** Id of the agent. */
  agent: string;
  /** All of a question but what changes from round to round. */
  request: Omit<GenerationRequest, "prompt" | "tools" | "toolChoice" | "conversationId">;
  /** The agent's own request. */
  given: GenerationRequest;
  messages: readonly Message[];
  offer: Offer;
  maxIterations: number;
  /** Of the calls to models and agents; its signal ends everything. */
  context: CallContext & Required<Pick<CallContext, "work">>;
  environment: AgentEnvironment;
  /** Of the agent's own request; those to models and agents belong to none. */
  conversationId: string | undefined;
  record: RunRecord;
  hidden: HiddenTurns;
}

/**
 * Asks, runs the tools that are called, and asks again, until the model answers or calls a tool of the client. The
 * texts of all rounds are given out, a paragraph each; where the answer has to be JSON, those before it as reasoning.
 *
 * Tools that the model calls together with the client's run all the same. The client sees its own calls only: what it
 * sends next, those calls and their results, is a whole history, in which `hidden` puts what it has not seen.
 */
export async function* runRounds(
  prepare: () => Promise<Rounds>,
): AsyncGenerator<readonly AgentEvent[], AgentGenerationResult> {
  const rounds = await prepare();
  const { offer, maxIterations, record, request, hidden } = rounds;
  const history = hidden.restore(rounds.messages);
  const known = history.length;
  const callIds = new Set(history.flatMap(({ toolCalls = [] }) => toolCalls.map(({ id }) => id)));
  const mayHold = request.output.kind !== "text" && offer.server.size > 0;
  let usage: Usage = { promptTokens: 0, completionTokens: 0 };
  let reasoning = "";
  let shown = "";
  for (let iteration = 1; ; iteration++) {
    const round = { isFirst: iteration === 1, isLast: iteration >= maxIterations };
    const separator = shown === "" || shown.endsWith("\n") ? "" : "\n\n";
    const isHeld = mayHold && !round.isLast;
    const turn = new Turn({ agent: rounds.agent, client: offer.client, callIds, separator, isHeld });
    try {
      // By hand: a generator in between would cost every batch two more turns of the queue.
      for await (const batch of await ask(rounds, history, choiceOfRound(offer, round))) {
        const pieces = turn.read(batch);
        if (pieces.length > 0) yield pieces;
      }
    } catch (error) {
      throw asAgentFailure(error, {
        agent: rounds.agent,
        isOfClient: (param) => isOfClient(param, rounds, rounds.given),
      });
    }
    reasoning += turn.reasoning;
    if (turn.usage !== undefined) {
      record.addUsage(turn.usage);
      usage = sumUsage(usage, turn.usage);
    }

    const { finish, runsTools } = nextOf(turn, rounds, round);
    if (isHeld && turn.text !== "") {
      yield [{ type: finish === undefined ? "reasoning" : "text", text: turn.text }];
    }
    if (turn.text !== "" && !(isHeld && finish === undefined)) shown += separator + turn.text;
    const { client, server } = turn.calls;
    if (runsTools) yield server.map((call) => stepOf(call, offer.server.get(call.name)));
    const results = runsTools ? await runCalls(server, rounds) : [];
    history.push(
      assistantMessage(turn.text, turn.refusal, [...(runsTools ? server.map(readableCall) : []), ...client]),
      ...results,
    );
    if (finish === undefined) continue;

    const messages = history.slice(known);
    if (client.length > 0 && messages.length > 1) hidden.remember({ calls: client, text: shown, messages });
    yield [{ type: "finish", reason: finish }];
    return {
      text: turn.text,
      reasoning,
      refusal: turn.refusal,
      toolCalls: client,
      finishReason: finish,
      usage,
      iterations: iteration,
      messages: messages.map(toAgentMessage),
    };
  }
}

async function ask(
  { request, offer, context, environment, record }: Rounds,
  history: readonly Message[],
  toolChoice: GenerationRequest["toolChoice"],
): Promise<AsyncIterable<EventBatch>> {
  context.signal.throwIfAborted();
  countModelCall(context.work, environment.limits);
  record.addIteration();
  const prompt = { kind: "messages" as const, messages: [...history] };
  const question = { ...request, prompt, tools: offer.tools, toolChoice };
  const { events } = await environment.generate([question], context, { usage: true });
  return events;
}

interface Next {
  /** Why the generation ends with this turn; undefined when the model is asked again. */
  finish?: FinishReason;
  /** The calls of the turn that are not the client's are run. */
  runsTools: boolean;
}

/** Throws `internal` (`agent_iterations_exceeded`) when the last turn is no answer. */
function nextOf({ calls, text, refusal, finish }: Turn, rounds: Rounds, round: Round): Next {
  // The last call of an answer that was cut is not what the model meant to call.
  if (finish === "length" || finish === "content-filter") return { finish, runsTools: false };
  if (refusal !== "") return { finish: "stop", runsTools: false };
  if (calls.client.length > 0) return { finish: "tool-calls", runsTools: calls.server.length > 0 };
  if (calls.server.length > 0 && !round.isLast) return { runsTools: true };
  const isNothing = text === "" && (calls.server.length > 0 || (round.isLast && !round.isFirst));
  if (isNothing) throw iterationsExceeded(rounds.agent, rounds.maxIterations);
  return { finish: "stop", runsTools: false };
}

/** Results as messages, in the order of the calls. Counts all calls before any of them runs. */
async function runCalls(calls: readonly ToolCall[], rounds: Rounds): Promise<Message[]> {
  const { agent, offer, environment, context, conversationId, request } = rounds;
  const { limits, logContent } = environment;
  for (const _ of calls) countToolCall(context.work, limits);
  const log = createCallLog(context.log, context.requestId, logContent);
  log.calls(calls);
  const deps = { agent, tools: offer.server, environment, context, conversationId };
  const most = request.parallelToolCalls ? limits.maxParallelTools : 1;
  const results = await mapAtMost(most, calls, (call) => runCall(call, deps));
  log.results(results);
  return results.map(({ text }, index) => toolMessage(calls[index]?.id ?? "", text));
}
