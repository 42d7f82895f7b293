import type { Agent, AgentRun } from "./agent.ts";
import { defineAgent, isAgent } from "./define-agent.ts";
import type { AgentGraph } from "./graph-types.ts";
import { hasMark, registryMark } from "./marks.ts";
import { asAgentName, asFields } from "./names.ts";

/** An agent, and under which id it is served. */
export interface Registration {
  id: string;
  agent: Agent;
  isDefault: boolean;
  isPrivate: boolean;
}

export interface RegisterOptions {
  /** It answers requests that name no model. The first that is registered does, unless another is told to. */
  default?: boolean;
  /** It answers other agents only. */
  private?: boolean;
}

/** Agents under the ids by which they are asked for; goes through them in the order of their registration. */
export interface Registry extends Iterable<Registration> {
  readonly [registryMark]: true;
  /** Throws an `Error` for a name that is taken, for what is no agent, and for a second default. */
  register(name: string, agent: Agent | AgentRun | AgentGraph, options?: RegisterOptions): Registry;
}

/**
 * Several agents at once, as the export of a file or for `createServer`.
 *
 * @example
 * export const registry = createRegistry();
 * registry.register("my-model", graph, { default: true });
 */
export function createRegistry(): Registry {
  const entries = new Map<string, { agent: Agent; isPrivate: boolean }>();
  let chosen: string | undefined;
  const registry: Registry = {
    [registryMark]: true,
    register(name, agent, options = {}) {
      const id = asAgentName(name);
      asFields(options, ["default", "private"], `What is said of '${id}'`);
      if (entries.has(id)) throw new Error(`There is an agent '${id}' already.`);
      if (options.default === true && chosen !== undefined) {
        throw new Error(`There is a default already: '${chosen}'. '${id}' cannot be another.`);
      }
      entries.set(id, {
        agent: isAgent(agent) ? agent : defineAgent({ name: id, run: agent }),
        isPrivate: options.private === true,
      });
      if (options.default === true) chosen = id;
      return registry;
    },
    *[Symbol.iterator]() {
      const first = entries.entries().find(([, { isPrivate }]) => !isPrivate)?.[0];
      for (const [id, entry] of entries) yield { id, ...entry, isDefault: id === (chosen ?? first) };
    },
  };
  return registry;
}

/** Whether `value` was made by `createRegistry`, of whichever copy of the kit. */
export function isRegistry(value: unknown): value is Registry {
  return hasMark(value, registryMark);
}
