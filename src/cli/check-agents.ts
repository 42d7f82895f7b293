import { nearest } from "../config/nearest.ts";

export interface AgentCheck {
  agents: readonly { id: string; model?: string }[];
  /** Ids under which models and agents are served. */
  known: ReadonlySet<string>;
  /** Whether a known provider has it, as far as its name says. */
  isProvided: (model: string) => boolean;
  /** What the provider of a model needs and does not have. */
  missingKey: (model: string) => string | undefined;
}

/** Whether there is what each agent asks, a line for each; `ok` if there is for all. */
export function checkAgents({ agents, ...sources }: AgentCheck): { lines: readonly string[]; ok: boolean } {
  const findings = agents.map(({ id, model }) => {
    const fault = model === undefined ? undefined : faultOf(model, id, sources);
    const name = `agent ${id}${model === undefined ? "" : ` (${model})`}`;
    return { line: fault === undefined ? `✓ ${name}` : `✗ ${name}: ${fault}`, ok: fault === undefined };
  });
  return { lines: findings.map(({ line }) => line), ok: findings.every(({ ok }) => ok) };
}

function faultOf(
  model: string,
  agent: string,
  { known, isProvided, missingKey }: Omit<AgentCheck, "agents">,
): string | undefined {
  // Its own name is no other model.
  if (known.has(model) && model !== agent) return undefined;
  if (isProvided(model)) return missingKey(model);
  const meant = nearest(model, known);
  const hint = meant === undefined || meant === agent ? "" : `; did you mean ${meant}?`;
  return `no backend lists this model, and no known provider has it${hint}`;
}
