import type { AgentRun } from "./agent.ts";
import { assertGraph } from "./assert-graph.ts";
import { END, type GraphPlan, type PlannedEdge, type PlannedNode } from "./graph-plan.ts";
import type { GraphContext } from "./graph-context.ts";
import type { AgentGraph, GraphChoice, GraphNode, GraphOptions } from "./graph-types.ts";
import { graphMark, hasMark } from "./marks.ts";
import { describe } from "./names.ts";
import { runGraph } from "./run-graph.ts";

/**
 * Steps and the ways between them: a graph runs from its entry along the edges until `END`, anew for every request. It
 * stands wherever an agent's `run` may stand. The methods throw an `Error` for what cannot be.
 *
 * @example
 * const graph = new Graph({ name: "poet" });
 * graph.addNode("write", async (ctx) => { ctx.response = `An ode to ${ctx.userQuery}`; });
 * graph.addEdge("write", END);
 */
export class Graph<State extends object = Record<string, unknown>> implements AgentGraph {
  readonly [graphMark] = true;
  readonly name: string;
  readonly #maxSteps: number;
  readonly #createState: () => object;
  readonly #nodes = new Map<string, PlannedNode | AgentGraph>();
  readonly #edges = new Map<string, PlannedEdge>();
  #entry: string | undefined;
  #isPlanning = false;

  constructor({ name = "graph", maxSteps = 100, state }: GraphOptions<State> = {}) {
    if (!Number.isSafeInteger(maxSteps) || maxSteps < 1) {
      throw new Error(`maxSteps of the graph '${name}' has to be a whole number above 0.`);
    }
    this.name = name;
    this.#maxSteps = maxSteps;
    this.#createState = state ?? (() => ({}));
  }

  /** The first node that is added is the entry, unless `setEntry` says another. */
  addNode(name: string, node: GraphNode<State>): this {
    if (typeof name !== "string" || name === "" || name === END) {
      throw new Error(`A node of the graph '${this.name}' cannot be named ${describe(name)}.`);
    }
    if (this.#nodes.has(name)) throw new Error(`The graph '${this.name}' has two nodes '${name}'.`);
    const planned = isGraph(node) ? node : toStep(node);
    if (planned === undefined) {
      throw new Error(
        `The node '${name}' of the graph '${this.name}' has to be a function, an object with a method 'run', or a graph.`,
      );
    }
    this.#nodes.set(name, planned);
    return this;
  }

  addEdge(from: string, to: string): this {
    return this.#add(from, { targets: new Map([[to, to]]), choose: () => to });
  }

  /**
   * After `from`, `choose` says where to go. `targets` are the nodes that it may name, or the nodes by other names that
   * it uses for them; without them it may name any.
   */
  addConditionalEdge(
    from: string,
    choose: GraphChoice<State>,
    targets?: readonly string[] | Readonly<Record<string, string>>,
  ): this {
    if (typeof choose !== "function") {
      throw new Error(
        `The edge from '${from}' of the graph '${this.name}' needs a function that chooses, not ${describe(choose)}.`,
      );
    }
    return this.#add(from, { choose, targets: targets === undefined ? undefined : toTargets(targets) });
  }

  setEntry(name: string): this {
    this.#entry = name;
    return this;
  }

  /** @internal */
  toPlan(): GraphPlan {
    if (this.#isPlanning) throw new Error(`The graph '${this.name}' contains itself.`);
    this.#isPlanning = true;
    try {
      const plan: GraphPlan = {
        name: this.name,
        entry: this.#entry ?? this.#nodes.keys().next().value ?? END,
        nodes: new Map([...this.#nodes].map(([name, node]) => [name, toPlanned(node)])),
        edges: new Map(this.#edges),
        maxSteps: this.#maxSteps,
        createState: this.#createState,
      };
      assertGraph(plan);
      return plan;
    } finally {
      this.#isPlanning = false;
    }
  }

  /** @internal */
  toRun(): AgentRun {
    const plan = this.toPlan();
    return (context) => runGraph(plan, context);
  }

  #add(from: string, edge: PlannedEdge): this {
    if (this.#edges.has(from)) {
      throw new Error(
        `The graph '${this.name}' has two edges from '${from}'. Use addConditionalEdge to choose between nodes.`,
      );
    }
    this.#edges.set(from, edge);
    return this;
  }
}

/** Whether `value` is a graph. */
export function isGraph(value: unknown): value is AgentGraph {
  return hasMark(value, graphMark);
}

function toStep<State extends object>(node: Exclude<GraphNode<State>, AgentGraph>): PlannedNode | undefined {
  if (typeof node === "function") return { kind: "step", run: node };
  if (typeof node !== "object" || node === null) return undefined;
  if ("run" in node && typeof node.run === "function") {
    return { kind: "step", run: (ctx: GraphContext<State>) => node.run(ctx) };
  }
  if ("arun" in node && typeof node.arun === "function") {
    return { kind: "step", run: (ctx: GraphContext<State>) => node.arun(ctx) };
  }
  return undefined;
}

function toPlanned(node: PlannedNode | AgentGraph): PlannedNode {
  return "toPlan" in node ? { kind: "graph", plan: node.toPlan() } : node;
}

function toTargets(
  targets: readonly string[] | Readonly<Record<string, string>>,
): ReadonlyMap<string, string> {
  return new Map(Array.isArray(targets) ? targets.map((name) => [name, name]) : Object.entries(targets));
}
