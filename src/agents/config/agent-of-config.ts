import type { Agent, AgentParams } from "../kit/agent.ts";
import { defineAgent } from "../kit/define-agent.ts";
import type { AgentConfig } from "./agent-config.ts";
import { withInputs } from "./inputs.ts";

/** The agent that the configuration describes, under the id by which it is asked for. */
export function toAgent(id: string, config: AgentConfig): Agent {
  const agent = defineAgent({
    name: id,
    model: config.model,
    tools: config.tools,
    agents: config.agents,
    parallel: config.parallel,
    params: toParams(config),
    ...(config.description !== undefined && { description: config.description }),
    ...(config.system !== undefined && { system: config.system }),
    ...(config.maxIterations !== undefined && { maxIterations: config.maxIterations }),
  });
  const { inputs } = config;
  if (inputs.length === 0) return agent;
  return {
    ...agent,
    run: withInputs(agent.run, inputs),
    // It asks them as well, for those who check or list what it asks.
    agents: [...new Set([...agent.agents, ...inputs])],
  };
}

function toParams({ sampling, reasoningEffort, extra }: AgentConfig): AgentParams {
  return {
    ...sampling,
    ...(reasoningEffort !== undefined && { reasoningEffort }),
    ...(Object.keys(extra).length > 0 && { extra }),
  };
}
