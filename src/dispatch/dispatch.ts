import { ServeError } from "../core/error.ts";
import type { Generate, GenerateOptions } from "../core/generate.ts";
import type { CallContext, Capabilities, EventBatch, GenerationRequest } from "../core/generation.ts";
import { merge } from "../core/stream.ts";
import type { TokenCounter } from "../tokens/counter.ts";
import { type Admission } from "./admission.ts";
import { callBackend } from "./backend-call.ts";
import type { Timeouts } from "./deadlines.ts";
import { fitContext } from "./fit-context.ts";
import { ignoredFields, refuseUnsupported } from "./refuse.ts";
import type { Observed, Observer } from "./observe.ts";
import type { Registry, ServedModel } from "./registry.ts";
import { createAccount, type UsageSource } from "./usage.ts";

export interface DispatchDeps {
  registry: Registry;
  admission: Admission;
  tokens: TokenCounter;
  timeouts: Timeouts;
  observe(observed: Observed): Observer;
}

/** Resolve, refuse, fit, admit, call, account: in this order. */
export function createDispatch(deps: DispatchDeps): Generate {
  return async (requests, context, options) => {
    const [first] = requests;
    if (first === undefined) throw new Error("A dispatch needs at least one request.");
    const model = await deps.registry.resolve(first.model === "" ? undefined : first.model);
    const capabilities = model.backend.capabilities(model.target);
    for (const request of requests) refuseUnsupported(request, capabilities);
    const fitted = await Promise.all(
      requests.map((request) => fitContext(request, model, capabilities, deps.tokens)),
    );
    const answeredAs = first.model === "" ? model.id : first.model;
    return {
      model: answeredAs,
      ignored: ignoredFields(first, capabilities),
      requests: fitted,
      events: observed(deps.observe({ model: answeredAs, requests, context }), (setSource) =>
        run(deps, fitted, model, capabilities, context, options, setSource),
      ),
    };
  };
}

async function* observed(
  observer: Observer,
  start: (setSource: (source: UsageSource) => void) => AsyncIterable<EventBatch>,
): AsyncGenerator<EventBatch> {
  let source: UsageSource | undefined;
  let isSettled = false;
  try {
    for await (const batch of start((known) => (source = known))) {
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

async function* run(
  deps: DispatchDeps,
  requests: readonly GenerationRequest[],
  model: ServedModel,
  capabilities: Capabilities,
  context: CallContext,
  options: GenerateOptions,
  setSource: (source: UsageSource) => void,
): AsyncGenerator<EventBatch> {
  const account = createAccount(deps.tokens, model, options.usage);
  const calls = requests.flatMap((request, prompt) => {
    const perCall = Math.min(capabilities.choices, request.choices);
    account.expect(prompt, request);
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
  const leave = await deps.admission.enter(calls.length, context.signal);
  const controller = new AbortController();
  // A client may leave before anybody reads on: then no `finally` of a generator runs.
  const end = () => {
    controller.abort(context.signal.reason);
    leave();
  };
  if (context.signal.aborted) end();
  context.signal.addEventListener("abort", end, { once: true });
  try {
    const callContext = { ...context, signal: controller.signal };
    const sources = calls.map((call) => callBackend(call, callContext, deps.timeouts));
    yield* sources.length === 1 && sources[0] !== undefined ? sources[0] : merge(sources);
  } finally {
    context.signal.removeEventListener("abort", end);
    // When one call failed or the reader left, the others are still waiting for their backends.
    controller.abort(new ServeError("canceled", "The other answers are not wanted any more."));
    leave();
  }
  if (!options.usage) return;
  const { usage, source } = await account.total();
  setSource(source);
  yield [{ type: "usage", usage }];
}
