import type { AgentsConfig } from "../config/config.ts";

/** An agent as an operator is told of it. */
export interface ListedAgent {
  id: string;
  description?: string;
  /** Absent if it asks none of its own. */
  model?: string;
  tools: readonly string[];
  /** Those of `tools` that the server has to have; all if absent. */
  namedTools?: readonly string[];
  /** Agents that it may hand work to. */
  agents: readonly string[];
  /** Where it comes from, if not from the configuration. */
  file?: string;
  isDefault?: boolean;
  isPrivate?: boolean;
}

/** The agents of the configuration; those of files are known once the files are loaded. */
export function configuredAgents({ definitions }: AgentsConfig): ListedAgent[] {
  return Object.entries(definitions).map(([id, definition]) => ({
    id,
    ...(definition.description !== undefined && { description: definition.description }),
    model: definition.modelName ?? definition.model,
    tools: definition.tools,
    agents: [...definition.agents, ...definition.inputs],
    isDefault: definition.isDefault,
    isPrivate: definition.isPrivate,
  }));
}

/** What agents may name besides each other. */
export interface AgentSources {
  hasTool: (name: string) => boolean;
  /** Whether a model may be there, as far as that is known without asking anybody. */
  hasModel: (name: string) => boolean;
}

/** For `oai-serve agents`: some lines for each agent, with marks at names that nobody bears. */
export function describeAgents(
  agents: readonly ListedAgent[],
  { hasTool, hasModel }: AgentSources,
): string[] {
  if (agents.length === 0) return ["No agents: --agent names a file, and a configuration file has `agents`."];
  const ids = new Set(agents.map(({ id }) => id));
  return agents.flatMap((agent) => {
    // Its own name is no other agent's.
    const isModel = (name: string) => (ids.has(name) && name !== agent.id) || hasModel(name);
    const { tools, namedTools = tools } = agent;
    const isTool = (name: string) => !namedTools.includes(name) || hasTool(name);
    const facts: readonly [string, string | undefined][] = [
      ["about", agent.description?.replaceAll(/\s+/g, " ").trim()],
      ["model", agent.model === undefined ? undefined : marked([agent.model], isModel)],
      ["tools", marked(tools, isTool)],
      ["agents", marked(agent.agents, (name) => ids.has(name))],
      ["file", agent.file],
    ];
    return [
      `${agent.id}${marksOf(agent)}`,
      ...facts.flatMap(([name, value]) =>
        value === undefined || value === "" ? [] : [`  ${name.padEnd(8)}${value}`],
      ),
    ];
  });
}

function marked(names: readonly string[], isThere: (name: string) => boolean): string {
  return names.map((name) => (isThere(name) ? name : `${name} (not found)`)).join(", ");
}

function marksOf({ isDefault, isPrivate }: ListedAgent): string {
  const marks = [...(isDefault === true ? ["default"] : []), ...(isPrivate === true ? ["private"] : [])];
  return marks.length === 0 ? "" : ` (${marks.join(", ")})`;
}
