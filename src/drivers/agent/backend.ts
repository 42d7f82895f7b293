import type {
  Backend,
  CallContext,
  Capabilities,
  GenerationRequest,
  ModelDescription,
} from "../../core/generation.ts";
import { ServeError } from "../../core/error.ts";
import type { Agent } from "../../agents/kit/agent.ts";
import type { AgentEnvironment } from "../../agents/run/environment.ts";
import { runAgent } from "../../agents/run/run-agent.ts";

/** An agent under the id by which it is asked for. */
export interface ServedAgent {
  agent: Agent;
  id: string;
  isDefault: boolean;
  /** Answers other agents only. */
  isPrivate: boolean;
  /** Its own id, where it is published under another one: as which it asks. */
  ownId?: string;
}

export interface AgentBackendOptions {
  id: string;
  agents: readonly ServedAgent[];
  environment: AgentEnvironment;
}

/** Agents as models: each request runs the agent anew. */
export function createAgentBackend({ id, agents, environment }: AgentBackendOptions): Backend {
  const byId = new Map(agents.map((served) => [served.id, served]));
  const descriptions = agents.map(describe);
  return {
    id,
    kind: "agent",
    isAgent: true,
    presumed: descriptions,
    capabilities: () => capabilities,
    generate(request: GenerationRequest, context: CallContext) {
      const served = byId.get(request.model);
      if (served === undefined) {
        throw new ServeError("not_found", "This agent is not served any more.", {
          code: "model_not_found",
          param: "model",
        });
      }
      return runAgent({ id: served.ownId ?? served.id, agent: served.agent, request, context, environment });
    },
    models: async () => descriptions,
    ready: async () => {},
    close: () => environment.tools.close(),
  };
}

function describe({ id, isDefault, isPrivate }: ServedAgent): ModelDescription {
  return { id, ownedBy: "oai-serve", isDefault, isPrivate };
}

/**
 * An agent is given everything and does with it what it likes: what a model below cannot do, dispatch refuses or does
 * when the agent asks it. Answers are held against `response_format` and `tool_choice`, but never asked for twice: an
 * agent may have acted.
 */
const capabilities: Capabilities = {
  text: true,
  choices: 1,
  sampling: new Set([
    "maxTokens",
    "temperature",
    "topP",
    "topK",
    "seed",
    "frequencyPenalty",
    "presencePenalty",
    "logitBias",
  ]),
  extra: { has: () => true },
  logprobs: false,
  echoLogprobs: false,
  bestOf: false,
  tools: true,
  toolChoice: true,
  freeChoice: true,
  images: true,
  audio: true,
  files: true,
  suffix: false,
  tokenPrompts: false,
  json: true,
  reasoningEffort: true,
  reportsLength: true,
};
