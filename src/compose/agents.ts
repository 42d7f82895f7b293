import { toAgent } from "../agents/config/agent-of-config.ts";
import { findCircle } from "../agents/config/circle.ts";
import { notFound } from "../agents/config/not-found.ts";
import type { LoadedAgent } from "../agents/load/loaded.ts";
import { createToolTable } from "../agents/tools/create-tool-table.ts";
import type { ToolTable } from "../agents/tools/table.ts";
import type { AgentConfig } from "../agents/config/agent-config.ts";
import type { Config } from "../config/config.ts";
import { ConfigError } from "../core/error.ts";
import type { Generate } from "../core/generate.ts";
import type { Backend } from "../core/generation.ts";
import type { Log } from "../core/log.ts";
import { createAgentBackend, type ServedAgent } from "../drivers/agent/backend.ts";
import type { ProviderBackends } from "../drivers/openai/provider-backends.ts";
import type { SchemaChecker } from "../json-schema/checker.ts";
import type { LoadedFiles } from "./agent-files.ts";
import { refuseUnknownModels } from "./agent-models.ts";

export interface AgentParts {
  config: Config;
  files: LoadedFiles;
  variable: (name: string) => string | undefined;
  generate: Generate;
  /** Whether there are other backends, whose models are not known yet. */
  hasModels: boolean;
  providers: Pick<ProviderBackends, "missingKey">;
  schemas: SchemaChecker;
  log: Log;
}

/** Id of the backend that all agents share. */
export const agentBackendId = "agents";

/** Calls of tools that an agent runs at once. */
const maxParallelTools = 16;
/** Longest result of a tool that a model is given. */
const maxToolResultChars = 262_144;

/** An agent, and what the operator is told of it. */
export interface ComposedAgent extends ServedAgent {
  /** Its file, or its path in the configuration. */
  place: string;
  /** As the operator calls it. */
  modelName?: string;
}

/** All agents, and the backend that they share; none if there are none. */
export interface Crew {
  agents: readonly ComposedAgent[];
  backend: Backend | undefined;
}

/** Throws `ConfigError` for names that mean nothing. */
export function createAgents(parts: AgentParts): Crew {
  const { config, schemas, variable, log } = parts;
  const { agents: loaded, loopWatch } = parts.files;
  const own = served(config, loaded);
  if (own.length === 0) return { agents: [], backend: undefined };
  const agents = published(own, config.agents.publicId);
  const tools = createToolTable({
    tools: config.agents.tools,
    mcpServers: config.agents.mcpServers,
    schemas,
    variable,
    log,
  });
  refuseUnknownNames(agents, tools);
  refuseCircles(agents);
  if (!parts.hasModels) refuseUnknownModels(agents, parts.providers);
  const environment = {
    generate: parts.generate,
    schemas,
    tools,
    agents: new Map(agents.map(({ id, agent }) => [id, agent])),
    limits: { ...config.agents.limits, maxParallelTools, maxToolResultChars },
    logContent: config.log.content,
    ...(loopWatch !== undefined && { loopWatch }),
  };
  return { agents, backend: createAgentBackend({ id: agentBackendId, agents, environment }) };
}

/** Those of the configuration and those of files. Throws `ConfigError` for two with one id and for a wrong `only`. */
function served({ agents }: Config, loaded: readonly LoadedAgent[]): ComposedAgent[] {
  const { definitions, only } = agents;
  const all = [
    ...Object.entries(definitions).map(([id, definition]) => ofConfig(id, definition)),
    ...loaded.map(({ file, ...rest }) => ofFile(file, rest)),
  ];
  const taken = new Set<string>();
  for (const { id, place } of all) {
    if (taken.has(id)) throw new ConfigError(`${place}: another agent has the name '${id}'.`);
    taken.add(id);
  }
  if (only === undefined) return all;
  if (!taken.has(only)) {
    throw new ConfigError(notFound("Agent", only, taken));
  }
  return all.map((each) => ({ ...each, isPrivate: each.id !== only, isDefault: each.id === only }));
}

/** The default agent under the name that the operator gives it. Others still ask for it by its own. */
function published(agents: readonly ComposedAgent[], name: string | undefined): readonly ComposedAgent[] {
  const open = agents.filter(({ isPrivate }) => !isPrivate);
  const chosen = open.find(({ isDefault }) => isDefault) ?? open[0];
  if (name === undefined || chosen === undefined) return agents;
  if (agents.some(({ id }) => id === name)) {
    return agents.map((each) => ({ ...each, isDefault: each.id === name }));
  }
  const others = agents.filter((each) => each !== chosen);
  const original = { ...chosen, isDefault: false, isPrivate: true };
  return [{ ...chosen, id: name, ownId: chosen.id, isDefault: true }, original, ...others];
}

function ofConfig(id: string, definition: AgentConfig): ComposedAgent {
  const { isDefault, isPrivate, model, modelName = model } = definition;
  return { id, agent: toAgent(id, definition), isDefault, isPrivate, modelName, place: `agents.${id}` };
}

function ofFile(file: string, { id, agent, isDefault, isPrivate }: Omit<LoadedAgent, "file">): ComposedAgent {
  const place = `${file}: agent '${id}'`;
  return {
    id,
    agent,
    isDefault,
    isPrivate,
    place,
    ...(agent.model !== undefined && { modelName: agent.model }),
  };
}

/** Throws `ConfigError` for a tool that nobody provides and for an agent that is not there. */
function refuseUnknownNames(agents: readonly ComposedAgent[], tools: ToolTable): void {
  const ids = new Set(agents.map(({ id }) => id));
  const problems = agents.flatMap(({ place, agent }) => [
    ...agent.namedTools
      .filter((name) => !tools.has(name))
      .map((name) => `${place}: ${notFound("Tool", name, tools.names)}.`),
    ...agent.agents
      .filter((name) => !ids.has(name))
      .map((name) => `${place}: ${notFound("Agent", name, ids)}.`),
  ]);
  if (problems.length > 0) throw new ConfigError(problems.join("\n"));
}

/** Throws `ConfigError` for agents that ask each other in a circle; one may have the name of its model. */
function refuseCircles(agents: readonly ComposedAgent[]): void {
  const circle = findCircle(
    agents.map(({ id, agent }) => ({
      id,
      asks: [...(agent.model === undefined || agent.model === id ? [] : [agent.model]), ...agent.agents],
    })),
  );
  if (circle === undefined) return;
  const place = agents.find(({ id }) => id === circle[0])?.place ?? "agents";
  throw new ConfigError(`${place}: agents call each other in a circle: ${circle.join(" → ")}.`);
}
