import { ServeError } from "../../src/core/error.ts";
import type {
  Backend,
  CallContext,
  Capabilities,
  EventBatch,
  GenerationRequest,
  ModelDescription,
} from "../../src/core/generation.ts";

/** Says nothing more until the call is aborted; then ends with the signal's reason, unless the backend is deaf. */
export const silence = Symbol("silence");

/** A batch is yielded, an error thrown, a promise waited for. */
export type Step = EventBatch | Error | Promise<unknown> | typeof silence;

export interface ScriptedOptions {
  id?: string;
  endpoint?: string;
  capabilities?: Partial<Capabilities>;
  /** What it has ready; an error is thrown by `models`. One model `scripted` when not given. */
  models?: readonly ModelDescription[] | Error | (() => Promise<readonly ModelDescription[]>);
  isReady?: () => boolean;
  /** Makes it embed; what it gives for a request. */
  embed?: NonNullable<Backend["embed"]>;
  /** Takes no notice of its signal, as a backend with a bug would. */
  isDeaf?: boolean;
}

export interface ScriptedCall {
  request: GenerationRequest;
  context: CallContext;
  /** Settles when its generator has ended, for whatever reason. */
  ended: Promise<void>;
}

export interface ScriptedBackend extends Backend {
  readonly calls: readonly ScriptedCall[];
  /** The first of `calls`, once it is there. */
  readonly firstCall: Promise<ScriptedCall>;
  /** The requests of `calls`. */
  readonly seen: readonly GenerationRequest[];
  /** How often `models` and `ready` were asked. */
  readonly asked: { models: number; ready: number };
  readonly isClosed: boolean;
}

export const canDoAnything: Capabilities = {
  text: true,
  choices: 128,
  sampling: new Set([
    "maxTokens",
    "temperature",
    "topP",
    "topK",
    "seed",
    "frequencyPenalty",
    "presencePenalty",
    "logitBias",
    "stop",
  ]),
  extra: new Set(),
  logprobs: true,
  echoLogprobs: true,
  bestOf: true,
  tools: true,
  toolChoice: true,
  freeChoice: true,
  images: true,
  audio: true,
  files: true,
  suffix: true,
  tokenPrompts: true,
  json: true,
  reasoningEffort: true,
  reportsLength: true,
};

/** The only fake backend: plays `script`, the same for every call or one for each. */
export function scripted(
  script: readonly Step[] | ((request: GenerationRequest, call: number) => readonly Step[]),
  options: ScriptedOptions = {},
): ScriptedBackend {
  const calls: ScriptedCall[] = [];
  const firstCall = Promise.withResolvers<ScriptedCall>();
  const asked = { models: 0, ready: 0 };
  let isClosed = false;
  return {
    id: options.id ?? "scripted",
    kind: "scripted",
    ...(options.endpoint === undefined ? {} : { endpoint: options.endpoint }),
    calls,
    firstCall: firstCall.promise,
    asked,
    get seen() {
      return calls.map(({ request }) => request);
    },
    get isClosed() {
      return isClosed;
    },
    capabilities: () => ({ ...canDoAnything, ...options.capabilities }),
    ...(options.embed === undefined ? {} : { embed: options.embed }),
    generate(request, context) {
      const steps = typeof script === "function" ? script(request, calls.length) : script;
      const ended = Promise.withResolvers<void>();
      const call = { request, context, ended: ended.promise };
      calls.push(call);
      firstCall.resolve(call);
      return play(steps, context.signal, options.isDeaf ?? false, ended.resolve);
    },
    async models() {
      asked.models++;
      const { models = [{ id: "scripted", ownedBy: "tests" }] } = options;
      if (models instanceof Error) throw models;
      return typeof models === "function" ? await models() : models;
    },
    async ready() {
      asked.ready++;
      if (options.isReady?.() === false) throw new ServeError("unavailable", "Not ready.");
    },
    async close() {
      isClosed = true;
    },
  };
}

async function* play(
  steps: readonly Step[],
  signal: AbortSignal,
  isDeaf: boolean,
  onEnd: () => void,
): AsyncGenerator<EventBatch> {
  try {
    for (const step of steps) {
      if (step instanceof Error) throw step;
      if (step === silence) await (isDeaf ? Promise.withResolvers<never>().promise : aborted(signal));
      else if (step instanceof Promise) await step;
      else yield step;
    }
  } finally {
    onEnd();
  }
}

/** Rejects with the signal's reason once it aborts. */
async function aborted(signal: AbortSignal): Promise<never> {
  const { promise, reject } = Promise.withResolvers<never>();
  signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  if (signal.aborted) reject(signal.reason);
  return await promise;
}
