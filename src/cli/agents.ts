import type { AgentsConfig } from "../config/config.ts";

/** An agent as an operator is told of it. */
export interface ListedAgent {
  id: string;
  description?: string;
  /** Absent if it asks none of its own. */
  model?: string;
  tools: readonly string[];
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

/** For `oai-serve agents`: some lines for each agent. */
export function describeAgents(agents: readonly ListedAgent[]): string[] {
  if (agents.length === 0) return ["No agents: --agent names a file, and a configuration file has `agents`."];
  return agents.flatMap((agent) => {
    const facts: readonly [string, string | undefined][] = [
      ["about", agent.description?.replaceAll(/\s+/g, " ").trim()],
      ["model", agent.model],
      ["tools", agent.tools.join(", ")],
      ["agents", agent.agents.join(", ")],
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

function marksOf({ isDefault, isPrivate }: ListedAgent): string {
  const marks = [...(isDefault === true ? ["default"] : []), ...(isPrivate === true ? ["private"] : [])];
  return marks.length === 0 ? "" : ` (${marks.join(", ")})`;
}
