import { ServeError } from "../core/error.ts";
import type { Generate, GenerateOptions } from "../core/generate.ts";
import type { CallContext, Capabilities, EventBatch, GenerationRequest } from "../core/generation.ts";
import { merge } from "../core/stream.ts";
import type { SchemaChecker } from "../json-schema/checker.ts";
import type { TokenSource } from "../telemetry/exchange.ts";
import type { TokenCounter } from "../tokens/counter.ts";
import type { Admission, Place } from "./admission.ts";
import { type BackendCall, callBackend } from "./backend-call.ts";
import { capabilitiesOf } from "./capabilities.ts";
import type { Timeouts } from "./deadlines.ts";
import { applySettings } from "./defaults.ts";
import { fanOut } from "./fan-out.ts";
import { assumedFields, fitContext } from "./fit-context.ts";
import { askInWords } from "./hold/ask.ts";
import { type Demand, demandOf, expectationOf } from "./hold/demand.ts";
import { createHoldRoom, type HoldRoom } from "./hold/hold-room.ts";
import { holdTo } from "./hold/hold-to.ts";
import { watch } from "./hold/watch.ts";
import { prepareSchemas } from "./hold/prepare.ts";
import type { Observed, Observer } from "./observe.ts";
import { ignoredFields, refuseIgnored, refuseMultiplied, refuseUnsupported } from "./refuse.ts";
import type { Registry, ServedModel } from "./registry.ts";
import { type Account, createAccount } from "./usage.ts";

export interface DispatchDeps {
  registry: Registry;
  admission: Admission;
  tokens: TokenCounter;
  schemas: SchemaChecker;
  timeouts: Timeouts;
  /** Longest silence of an agent, which may be at work without a word; as of a model if absent. */
  agentSilenceMs?: number;
  /** Bytes of prompts, each as often as it is to be answered, that one request may have. */
  maxPromptBytes: number;
  /** Further calls for an answer that breaks its `response_format` or `tool_choice`. */
  maxRepairs: number;
  /** Refuses fields without effect. */
  strict: boolean;
  /** Agents that may stand between a client and a model. */
  maxDepth: number;
  observe(observed: Observed): Observer;
}

/** A request that was accepted, on its way to the backend. */
interface Accepted {
  /** As the client meant them, and as the backend gets them. */
  asked: readonly GenerationRequest[];
  requests: readonly GenerationRequest[];
  model: ServedModel;
  /** The id that the client is answered with. */
  answeredAs: string;
  capabilities: Capabilities;
  /** What dispatch holds the answers to, the same for all requests. */
  demand: Demand | undefined;
  context: CallContext;
  options: GenerateOptions;
  account: Account;
}

/** Resolve, refuse, demand, fit, admit, call, account: in this order. */
export function createDispatch(deps: DispatchDeps): Generate {
  return async (given, context, options) => {
    const [client] = given;
    if (client === undefined) throw new Error("A dispatch needs at least one request.");
    refuseTooDeep(context, deps.maxDepth);
    const model = await deps.registry.resolve(
      client.model === "" ? undefined : client.model,
      context.callers.at(-1),
    );
    const capabilities = await capabilitiesOf(model, context.signal, deps.timeouts);
    if (deps.strict && context.callers.length === 0) refuseIgnored(client, capabilities);
    const wanted = applySettings(given, model);
    for (const request of wanted) refuseUnsupported(request, capabilities);
    const demand = wanted[0] === undefined ? undefined : demandOf(wanted[0], capabilities);
    if (demand !== undefined) {
      await prepareSchemas(demand, client.tools, { schemas: deps.schemas, signal: context.signal });
    }
    const asked = demand === undefined ? wanted : wanted.map((request) => askInWords(request, demand));
    refuseMultiplied(asked, deps.maxPromptBytes);
    const requests = await Promise.all(
      asked.map((request) => fitContext(request, model, capabilities, deps.tokens)),
    );
    // Token ids may stand for far more text than they seem to.
    refuseMultiplied(requests, deps.maxPromptBytes);
    const answeredAs = client.model === "" ? model.id : client.model;
    const account = createAccount(deps.tokens, model, options.usage);
    const accepted = { asked, requests, model, answeredAs, capabilities, demand, context, options, account };
    return {
      model: answeredAs,
      ignored: ignoredFields(client, capabilities),
      assumed:
        asked[0] === undefined || requests[0] === undefined ? [] : assumedFields(asked[0], requests[0]),
      requests,
      promptTokens() {
        for (const [prompt, request] of asked.entries()) account.expect(prompt, request);
        return account.promptTokens();
      },
      events: run(deps, accepted),
    };
  };
}

async function* run(deps: DispatchDeps, accepted: Accepted): AsyncGenerator<EventBatch> {
  const { asked, answeredAs, context, options, account } = accepted;
  const observer = deps.observe({ model: answeredAs, requests: asked, context });
  let source: TokenSource | undefined;
  let isSettled = false;
  try {
    for await (const batch of answer(deps, accepted)) {
      observer.events(batch);
      yield batch;
    }
    if (options.usage) {
      const total = await account.total();
      source = total.source;
      const batch: EventBatch = [{ type: "usage", usage: total.usage }];
      observer.events(batch);
      yield batch;
    }
    isSettled = true;
    observer.end(source);
  } catch (error) {
    isSettled = true;
    observer.failed(error);
    throw error;
  } finally {
    if (!isSettled) observer.failed(new ServeError("canceled", "The answer was not read to its end."));
  }
}

/** All answers, merged. They share one abort: when one fails or the reader leaves, the others are ended too. */
async function* answer(deps: DispatchDeps, accepted: Accepted): AsyncGenerator<EventBatch> {
  const { context, demand, options, account } = accepted;
  const isHeld = demand !== undefined;
  const calls = fanOut({ ...accepted, isHeld, keepsText: options.usage }, account);
  const place = await enter(deps.admission, calls.length, context);
  const controller = new AbortController();
  // A client may leave before anybody reads on: then no `finally` of a generator runs.
  const end = () => {
    controller.abort(context.signal.reason);
    place.leave();
  };
  if (context.signal.aborted) end();
  context.signal.addEventListener("abort", end, { once: true });
  try {
    // Agents that answer the choices of one request share what they may do for it.
    const work = context.work ?? { modelCalls: 0, toolCalls: 0 };
    const callContext = { ...context, work, signal: controller.signal };
    const room = createHoldRoom();
    const sources = calls.map((call) => answerOf(deps, accepted, { call, context: callContext, room }));
    yield* sources.length === 1 && sources[0] !== undefined ? sources[0] : merge(sources, place.calls);
  } finally {
    context.signal.removeEventListener("abort", end);
    controller.abort(unwanted);
    place.leave();
  }
}

function timeoutsOf({ backend }: ServedModel, { timeouts, agentSilenceMs }: DispatchDeps): Timeouts {
  if (backend.isAgent !== true || agentSilenceMs === undefined) return timeouts;
  return { ...timeouts, firstTokenMs: agentSilenceMs, betweenTokensMs: agentSilenceMs };
}

/** An agent's request has its place already: were its own calls to wait for more, all could wait for each other. */
async function enter(admission: Admission, calls: number, context: CallContext): Promise<Place> {
  return context.callers.length > 0 ? { calls, leave() {} } : await admission.enter(calls, context.signal);
}

function refuseTooDeep({ callers }: CallContext, maxDepth: number): void {
  if (callers.length <= maxDepth) return;
  throw new ServeError("internal", `More than ${maxDepth} agents call each other: ${callers.join(" → ")}.`, {
    code: "agent_depth_exceeded",
    shouldRetry: false,
  });
}

const unwanted = new ServeError("canceled", "The other answers are not wanted any more.");

function answerOf(
  deps: DispatchDeps,
  { demand, model, capabilities }: Accepted,
  { call, context, room }: { call: BackendCall; context: CallContext; room: HoldRoom },
): AsyncIterable<EventBatch> {
  const timeouts = timeoutsOf(model, deps);
  if (demand === undefined) {
    const batches = callBackend(call, context, timeouts);
    const expected = expectationOf(call.request);
    return expected === undefined ? batches : watch(batches, expected, context, deps.schemas);
  }
  return holdTo(call, demand, context, {
    schemas: deps.schemas,
    room,
    maxRepairs: deps.maxRepairs,
    timeouts,
    fit: (request) => fitContext(request, model, capabilities, deps.tokens),
  });
}
