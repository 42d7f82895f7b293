import type { GraphContext } from "./graph-context.ts";

/** Where a graph ends: the target of an edge, or what a conditional edge chooses. */
export const END = "__end__";

/** A graph as it is run. */
export interface GraphPlan {
  name: string;
  entry: string;
  nodes: ReadonlyMap<string, PlannedNode>;
  /** By the node from which they lead: one for each. */
  edges: ReadonlyMap<string, PlannedEdge>;
  maxSteps: number;
  createState(): object;
}

export interface PlannedStep {
  kind: "step";
  run(ctx: GraphContext<object>): unknown;
}

/** A step of its own, or another graph's. */
export type PlannedNode = PlannedStep | { kind: "graph"; plan: GraphPlan };

export interface PlannedEdge {
  /** Where it may lead, by what `choose` gives; undefined: to any node. */
  targets: ReadonlyMap<string, string> | undefined;
  choose(ctx: GraphContext<object>): string | Promise<string>;
}
