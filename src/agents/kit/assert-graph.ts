import { END, type GraphPlan } from "./graph-plan.ts";

/** Throws an `Error` that names all nodes and edges for which the graph cannot run. */
export function assertGraph(plan: GraphPlan): void {
  const problems = [...problemsOf(plan)];
  if (problems.length > 0) throw new Error(`The graph '${plan.name}' cannot run: ${problems.join("; ")}.`);
}

function* problemsOf(plan: GraphPlan): Generator<string> {
  const { nodes, edges, entry } = plan;
  if (nodes.size === 0) {
    yield "it has no nodes";
    return;
  }
  const known = `Its nodes: ${[...nodes.keys()].join(", ")}`;
  if (!nodes.has(entry)) yield `its entry '${entry}' is none of its nodes. ${known}`;
  let isSound = nodes.has(entry);
  for (const [from, { targets }] of edges) {
    for (const name of [from, ...(targets?.values() ?? [])]) {
      if (nodes.has(name) || (name === END && name !== from)) continue;
      isSound = false;
      yield `the edge from '${from}' names '${name}', which is none of its nodes. ${known}`;
    }
  }
  const endless = [...nodes.keys()].filter((name) => !edges.has(name));
  if (endless.length > 0) {
    yield `there is no edge from ${quote(endless)}; the last node needs one to END`;
    return;
  }
  if (!isSound) return;
  const unreached = unreachedNodes(plan);
  if (unreached.length > 0) yield `no edge leads to ${quote(unreached)}`;
  const trapped = trappedNodes(plan);
  if (trapped.length > 0) yield `no way leads from ${quote(trapped)} to END`;
}

/** Nodes that no edge names, where every edge says which it may name. */
function unreachedNodes({ nodes, edges, entry }: GraphPlan): string[] {
  const reached = new Set([entry]);
  for (const { targets } of edges.values()) {
    if (targets === undefined) return [];
    for (const name of targets.values()) reached.add(name);
  }
  return [...nodes.keys()].filter((name) => !reached.has(name));
}

/** Nodes from which END cannot be reached. */
function trappedNodes({ nodes, edges }: GraphPlan): string[] {
  const free = new Set([END]);
  let before = 0;
  while (free.size > before) {
    before = free.size;
    for (const [from, { targets }] of edges) {
      if (targets === undefined || [...targets.values()].some((name) => free.has(name))) free.add(from);
    }
  }
  return [...nodes.keys()].filter((name) => !free.has(name));
}

function quote(names: readonly string[]): string {
  return names.map((name) => `'${name}'`).join(", ");
}
