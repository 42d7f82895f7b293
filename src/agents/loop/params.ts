import type { GenerationRequest } from "../../core/generation.ts";
import { isOwnField } from "../../core/own-fields.ts";
import type { AgentParams } from "../kit/agent.ts";

/** The part of a request that `params` decide. */
export function toRequestParams({
  extra = {},
  reasoningEffort,
  ...sampling
}: AgentParams): Pick<GenerationRequest, "sampling" | "extra" | "reasoning"> {
  return {
    sampling,
    extra: Object.fromEntries(Object.entries(extra).filter(([name]) => !isOwnField(name))),
    ...(reasoningEffort !== undefined && { reasoning: { effort: reasoningEffort } }),
  };
}

/** What the agent's own request asked for. */
export function paramsOf({ sampling, extra, reasoning }: GenerationRequest): AgentParams {
  return { ...sampling, extra, ...(reasoning !== undefined && { reasoningEffort: reasoning.effort }) };
}
