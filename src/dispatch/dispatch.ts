import { ServeError } from "../core/error.ts";
import type { Generate, GenerateOptions } from "../core/generate.ts";
import type { CallContext, Capabilities, EventBatch, GenerationRequest } from "../core/generation.ts";
import { merge } from "../core/stream.ts";
import type { TokenSource } from "../telemetry/exchange.ts";
import type { TokenCounter } from "../tokens/counter.ts";
import type { Admission } from "./admission.ts";
import { type BackendCall, callBackend } from "./backend-call.ts";
import type { Timeouts } from "./deadlines.ts";
import { fitContext } from "./fit-context.ts";
import type { Observed, Observer } from "./observe.ts";
import { ignoredFields, refuseMultiplied, refuseUnsupported } from "./refuse.ts";
import type { Registry, ServedModel } from "./registry.ts";
import { type Account, createAccount } from "./usage.ts";

export interface DispatchDeps {
  registry: Registry;
  admission: Admission;
  tokens: TokenCounter;
  timeouts: Timeouts;
  /** Bytes of prompts, each as often as it is to be answered, that one request may have. */
  maxPromptBytes: number;
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
  context: CallContext;
  options: GenerateOptions;
}

/** Resolve, refuse, fit, admit, call, account: in this order. */
export function createDispatch(deps: DispatchDeps): Generate {
  return async (asked, context, options) => {
    const [first] = asked;
    if (first === undefined) throw new Error("A dispatch needs at least one request.");
    const model = await deps.registry.resolve(first.model === "" ? undefined : first.model);
    const capabilities = model.backend.capabilities(model.target);
    for (const request of asked) refuseUnsupported(request, capabilities);
    refuseMultiplied(asked, deps.maxPromptBytes);
    const requests = await Promise.all(
      asked.map((request) => fitContext(request, model, capabilities, deps.tokens)),
    );
    // Token ids may stand for far more text than they seem to.
    refuseMultiplied(requests, deps.maxPromptBytes);
    const answeredAs = first.model === "" ? model.id : first.model;
    return {
      model: answeredAs,
      ignored: ignoredFields(first, capabilities),
      requests,
      events: run(deps, { asked, requests, model, answeredAs, capabilities, context, options }),
    };
  };
}

async function* run(deps: DispatchDeps, accepted: Accepted): AsyncGenerator<EventBatch> {
  const { asked, model, answeredAs, context, options } = accepted;
  const observer = deps.observe({ model: answeredAs, requests: asked, context });
  const account = createAccount(deps.tokens, model, options.usage);
  let source: TokenSource | undefined;
  let isSettled = false;
  try {
    for await (const batch of answer(deps, accepted, account)) {
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
async function* answer(deps: DispatchDeps, accepted: Accepted, account: Account): AsyncGenerator<EventBatch> {
  const { context } = accepted;
  const calls = backendCalls(accepted, account);
  const place = await deps.admission.enter(calls.length, context.signal);
  const controller = new AbortController();
  // A client may leave before anybody reads on: then no `finally` of a generator runs.
  const end = () => {
    controller.abort(context.signal.reason);
    place.leave();
  };
  if (context.signal.aborted) end();
  context.signal.addEventListener("abort", end, { once: true });
  try {
    const callContext = { ...context, signal: controller.signal };
    const sources = calls.map((call) => callBackend(call, callContext, deps.timeouts));
    yield* sources.length === 1 && sources[0] !== undefined ? sources[0] : merge(sources, place.calls);
  } finally {
    context.signal.removeEventListener("abort", end);
    controller.abort(unwanted);
    place.leave();
  }
}

const unwanted = new ServeError("canceled", "The other answers are not wanted any more.");

/** One call for each answer, or for as many as the backend gives in one. */
function backendCalls(accepted: Accepted, account: Account): BackendCall[] {
  const { asked, requests, model, capabilities, options } = accepted;
  return requests.flatMap((request, prompt) => {
    const perCall = Math.min(capabilities.choices, request.choices);
    account.expect(prompt, asked[prompt] ?? request);
    return Array.from({ length: Math.ceil(request.choices / perCall) }, (_, position) => ({
      request: {
        ...request,
        model: model.target,
        choices: Math.min(perCall, request.choices - position * perCall),
      },
      backend: model.backend,
      capabilities,
      firstChoice: prompt * request.choices + position * perCall,
      keepsText: options.usage,
      onEnd: account.add.bind(account, prompt),
    }));
  });
}
