import type { AgentRun } from "./agent.ts";
import type { GraphContext } from "./graph-context.ts";
import type { GraphPlan } from "./graph-plan.ts";
import type { graphMark } from "./marks.ts";

/**
 * One step: it reads and changes the context. A generator, or a returned stream such as `ctx.generate(…)`, streams its
 * texts to the client and adds them to `ctx.response`; any other result is ignored.
 */
export type GraphStep<State extends object = Record<string, unknown>> = (ctx: GraphContext<State>) => unknown;

/** A function, an object with a method `run` or `arun`, or another graph, which works on the same context. */
export type GraphNode<State extends object = Record<string, unknown>> =
  | GraphStep<State>
  | { run(ctx: GraphContext<State>): unknown }
  | { arun(ctx: GraphContext<State>): unknown }
  | AgentGraph;

/** The name of the next node, or `END`; with targets by key, a key of them. */
export type GraphChoice<State extends object = Record<string, unknown>> = (
  ctx: GraphContext<State>,
) => string | Promise<string>;

export interface GraphOptions<State extends object> {
  /** For messages; `graph` unless told. */
  name?: string;
  /** Most steps for one request; 100 unless told. */
  maxSteps?: number;
  /** Makes what `ctx.state` holds at first; an empty object unless told. */
  state?: () => State;
}

/** A graph in place of a `run`. */
export interface AgentGraph {
  readonly [graphMark]: true;
  readonly name: string;
  /**
   * Throws an `Error` that names the nodes for which it cannot run.
   * @internal
   */
  toPlan(): GraphPlan;
  /**
   * Likewise.
   * @internal
   */
  toRun(): AgentRun;
}
