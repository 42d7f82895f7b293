import type {
  Backend,
  CallContext,
  Capabilities,
  EventBatch,
  GenerationRequest,
} from "../../core/generation.ts";
import { toEvents } from "./answer.ts";
import { decideAnswer } from "./decide-answer.ts";
import { createInstanceMaker, type InstanceMaker } from "./instances/maker.ts";
import { pace } from "./pace.ts";

export interface DemoBackendOptions {
  id: string;
  /** Pause between two deltas, in milliseconds. */
  delayMs: number;
}

/**
 * A model server in this process, without a model: it answers every request in a way that shows what arrived,
 * the same way each time. It serves the one model `demo` and is always ready.
 */
export function createDemoBackend({ id, delayMs }: DemoBackendOptions): Backend {
  const instances = createInstanceMaker();
  return {
    id,
    kind: "demo",
    capabilities: () => capabilities,
    generate: (request, context) => generate(request, context, { delayMs, instances }),
    models: async () => [{ id: "demo", ownedBy: "oai-serve" }],
    ready: async () => {},
    close: async () => instances.close(),
  };
}

const capabilities: Capabilities = {
  text: true,
  choices: 1,
  // Nothing is sampled: temperature and the like are ignored, and the client is told so.
  sampling: new Set(["maxTokens"]),
  extra: new Set(),
  logprobs: false,
  echoLogprobs: false,
  bestOf: false,
  tools: true,
  toolChoice: true,
  freeChoice: true,
  images: false,
  audio: false,
  files: false,
  suffix: true,
  tokenPrompts: false,
  json: true,
  reasoningEffort: true,
  reportsLength: true,
};

async function* generate(
  request: GenerationRequest,
  context: CallContext,
  { delayMs, instances }: { delayMs: number; instances: InstanceMaker },
): AsyncGenerator<EventBatch> {
  context.signal.throwIfAborted();
  const answer = await decideAnswer(request, (schema) => instances.make(schema, context.signal));
  yield* pace(toEvents(answer, request.sampling.maxTokens), delayMs, context.signal);
}
