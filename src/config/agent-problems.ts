import { findCircle } from "../agents/config/circle.ts";
import { notFound } from "../agents/config/not-found.ts";
import { toProviderName } from "../core/provider-name.ts";
import { isMapping } from "./path.ts";
import type { Problem } from "./problems.ts";
import { inputsOf } from "./to-agents.ts";

type Mapping = Readonly<Record<string, unknown>>;

export interface AgentSurroundings {
  /** Public ids of models and their aliases. */
  models: ReadonlySet<string>;
  /** Names of the tools that are built in. */
  tools: readonly string[];
  mcpServers: readonly string[];
  /** Whether files may hold further agents. */
  hasFiles: boolean;
  /** Names of known providers; empty where they are not known. */
  providers: readonly string[];
}

/** What does not fit together in `agents`, as far as it can be read: the schema says what is wrong with the rest. */
export function agentProblems(agents: Mapping, surroundings: AgentSurroundings): Problem[] {
  const known = Object.entries(agents).flatMap(([id, agent]) => (isMapping(agent) ? [{ id, agent }] : []));
  return [
    ...known.flatMap((each) => [
      ...nameProblems(each, surroundings),
      ...toolProblems(each, surroundings),
      ...referenceProblems(each, Object.keys(agents), surroundings),
      ...instructionProblems(each),
      ...providerProblems(each, surroundings),
    ]),
    ...defaultProblems(known),
    ...circleProblems(known),
  ];
}

interface NamedAgent {
  id: string;
  agent: Mapping;
}

function nameProblems({ id }: NamedAgent, { models }: AgentSurroundings): Problem[] {
  return models.has(id) ? [{ segments: ["agents", id], text: "a model has this id already" }] : [];
}

/** A tool of a server is written `server.tool`. */
function toolProblems({ id, agent }: NamedAgent, { tools, mcpServers }: AgentSurroundings): Problem[] {
  return textsIn(agent["tools"]).flatMap(({ text, index }) => {
    const isKnown =
      tools.includes(text) || mcpServers.some((server) => text === server || text.startsWith(`${server}.`));
    return isKnown
      ? []
      : [
          {
            segments: ["agents", id, "tools", index],
            text: notFound("Tool", text, [...tools, ...mcpServers]),
          },
        ];
  });
}

function referenceProblems(
  { id, agent }: NamedAgent,
  ids: readonly string[],
  { hasFiles }: AgentSurroundings,
): Problem[] {
  if (hasFiles) return [];
  const others = ids.filter((other) => other !== id);
  const team = textsIn(agent["agents"]).map(({ text, index }) => ({
    text,
    segments: ["agents", id, "agents", index],
  }));
  const inputs = inputNames(agent).map((text) => ({ text, segments: ["agents", id, "inputs"] }));
  return [...team, ...inputs].flatMap(({ text, segments }) =>
    ids.includes(text) ? [] : [{ segments, text: notFound("Agent", text, others) }],
  );
}

/** Three keys for one thing. */
function instructionProblems({ id, agent }: NamedAgent): Problem[] {
  const given = ["system", "prompt", "system_prompt"].filter((key) => agent[key] !== undefined);
  return given.slice(1).map((key) => ({
    segments: ["agents", id, key],
    text: `says the same as ${given[0] ?? ""}; give one of them`,
  }));
}

function providerProblems({ id, agent }: NamedAgent, { providers }: AgentSurroundings): Problem[] {
  const config = agent["model_config"];
  if (!isMapping(config)) return [];
  const { provider, api_base: base, api_key_env: key } = config;
  const at = (name: string) => ["agents", id, "model_config", name];
  if (key !== undefined && base === undefined && (provider === undefined || provider === "local")) {
    return [{ segments: at("api_key_env"), text: "needs api_base or provider beside it" }];
  }
  const known = ["local", ...providers];
  if (typeof provider !== "string" || providers.length === 0 || known.includes(toProviderName(provider)))
    return [];
  return [{ segments: at("provider"), text: `must be one of ${[...providers, "local"].join(", ")}` }];
}

function defaultProblems(agents: readonly NamedAgent[]): Problem[] {
  const [first, ...more] = agents.filter(({ agent }) => agent["default"] === true);
  return more.map(({ id }) => ({
    segments: ["agents", id, "default"],
    text: `another agent is the default already: ${first?.id ?? ""}`,
  }));
}

function circleProblems(agents: readonly NamedAgent[]): Problem[] {
  const circle = findCircle(agents.map((each) => ({ id: each.id, asks: asksOf(each) })));
  if (circle === undefined) return [];
  return [
    {
      segments: ["agents", circle[0] ?? ""],
      text: `agents call each other in a circle: ${circle.join(" → ")}`,
    },
  ];
}

/** An agent may have the name of its model: then it asks a model that is no agent. */
function asksOf({ id, agent }: NamedAgent): string[] {
  const { model } = agent;
  return [
    ...(typeof model === "string" && model !== id ? [model] : []),
    ...textsIn(agent["agents"]).map(({ text }) => text),
    ...inputNames(agent),
  ];
}

function inputNames({ inputs }: Mapping): readonly string[] {
  return inputsOf({ inputs: typeof inputs === "string" ? inputs : textsIn(inputs).map(({ text }) => text) });
}

function textsIn(value: unknown): { text: string; index: number }[] {
  const items: readonly unknown[] = Array.isArray(value) ? value : [];
  return items.flatMap((text, index) => (typeof text === "string" ? [{ text, index }] : []));
}
