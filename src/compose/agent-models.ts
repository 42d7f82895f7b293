import { ConfigError, ServeError } from "../core/error.ts";
import type { ServedAgent } from "../drivers/agent/backend.ts";
import type { ProviderBackends } from "../drivers/openai/provider-backends.ts";
import { providerOf } from "../drivers/openai/providers.ts";

/** An agent, and where it comes from: its file, or its path in the configuration. */
interface PlacedAgent extends ServedAgent {
  place: string;
}

type Providers = Pick<ProviderBackends, "missingKey">;

/**
 * Where no backend could have them: throws `ConfigError` for models that no provider is known for, or has no key. Agents
 * that no client can reach may lack what they like.
 */
export function refuseUnknownModels(agents: readonly PlacedAgent[], providers: Providers): void {
  const problems = reachable(agents).flatMap(({ id, place, agent: { model } }) => {
    const isAgent = agents.some((other) => other.id === model && other.id !== id);
    const problem = model === undefined || isAgent ? undefined : problemOf(model, providers);
    return problem === undefined ? [] : [`${place}: ${problem}`];
  });
  if (problems.length > 0) throw new ConfigError(problems.join("\n"));
}

export interface ModelSources extends Providers {
  /** Rejects where the agent of that id cannot ask for the model. */
  resolve: (model: string, agent: string) => Promise<unknown>;
}

/** The same as sentences for the log, once backends have said what they have. */
export async function findUnservedModels(
  agents: readonly PlacedAgent[],
  { resolve, missingKey }: ModelSources,
): Promise<readonly string[]> {
  const problems = reachable(agents).map(async ({ id, place, agent: { model } }) => {
    if (model === undefined) return [];
    try {
      await resolve(model, id);
      return [];
    } catch (error) {
      const problem = problemOf(model, { missingKey });
      // A backend that is silent may have what is of no provider.
      const isSure =
        providerOf(model) !== undefined || ServeError.from(error).code === "agent_model_not_found";
      return problem === undefined || !isSure ? [] : [`${place}: ${problem}`];
    }
  });
  return (await Promise.all(problems)).flat();
}

/** What is wrong with a model that no backend has. */
function problemOf(model: string, { missingKey }: Providers): string | undefined {
  return providerOf(model) === undefined
    ? `Model '${model}' not found: no backend has it, and it is of no known provider.`
    : missingKey(model);
}

/** The agents that clients are served by, and those that these ask. */
function reachable(agents: readonly PlacedAgent[]): readonly PlacedAgent[] {
  const found = new Set(agents.filter(({ isPrivate }) => !isPrivate));
  // What is added meanwhile is gone through as well.
  for (const { agent } of found) {
    for (const other of agents) {
      if (agent.agents.includes(other.id) || agent.model === other.id) found.add(other);
    }
  }
  return [...found];
}
