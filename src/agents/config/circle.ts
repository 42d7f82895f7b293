/** What an agent asks, as far as it is said beforehand. */
export interface AgentLinks {
  id: string;
  /** Ids of other agents; those of something else do no harm. */
  asks: readonly string[];
}

/** The first circle of agents that ask each other, in their order and with its first agent again at the end. */
export function findCircle(agents: readonly AgentLinks[]): readonly string[] | undefined {
  const asks = new Map(agents.map((agent) => [agent.id, agent.asks]));
  const done = new Set<string>();
  for (const { id } of agents) {
    const circle = follow(id, { asks, done, path: [] });
    if (circle !== undefined) return circle;
  }
  return undefined;
}

interface Search {
  asks: ReadonlyMap<string, readonly string[]>;
  /** From which no circle can be reached. */
  done: Set<string>;
  path: readonly string[];
}

function follow(id: string, { asks, done, path }: Search): readonly string[] | undefined {
  const start = path.indexOf(id);
  if (start >= 0) return [...path.slice(start), id];
  if (done.has(id)) return undefined;
  for (const next of asks.get(id) ?? []) {
    const circle = follow(next, { asks, done, path: [...path, id] });
    if (circle !== undefined) return circle;
  }
  done.add(id);
  return undefined;
}
