import { ServeError } from "../../core/error.ts";
import type { AgentContext, AgentPiece } from "./agent.ts";
import { GraphAnswer } from "./graph-answer.ts";
import { END, type GraphPlan, type PlannedStep } from "./graph-plan.ts";
import type { GraphContext } from "./graph-context.ts";
import { isStream } from "./streams.ts";

/**
 * Runs a graph for one request, with a context of its own. What a node sets as `ctx.response` is sent at the end, when
 * no later node can change it; but once something was streamed, after the node. Throws `ServeError` (`internal`,
 * `agent_step_limit`) for one step too many.
 */
export async function* runGraph(plan: GraphPlan, context: AgentContext): AsyncGenerator<AgentPiece> {
  const { ctx, answer, progress } = createGraphRun(plan, context);
  for await (const node of steps(plan, ctx)) {
    progress.steps++;
    const result: unknown = await node.run(ctx);
    if (isStream(result)) for await (const piece of result) yield answer.say(piece);
    const added = answer.settle();
    if (added !== "") yield added;
  }
  if (typeof ctx.refusal === "string" && ctx.refusal !== "") yield { type: "refusal", text: ctx.refusal };
  else yield answer.end();
  if (ctx.usage !== undefined) yield { type: "usage", usage: ctx.usage };
  const end: GraphEnd = { type: "metadata", fields: {}, steps: ctx.stepCount };
  yield end;
}

/** No metadata of a node's: what really was done, which nobody else says. */
export interface GraphEnd {
  type: "metadata";
  fields: Readonly<Record<string, never>>;
  /** Of the whole graph, those of graphs in it included. */
  steps: number;
}

interface GraphRun {
  ctx: GraphContext<object>;
  answer: GraphAnswer;
  progress: { steps: number };
}

function createGraphRun(plan: GraphPlan, context: AgentContext): GraphRun {
  const progress = { steps: 0 };
  const answer = new GraphAnswer(() =>
    context.log.warn("A node of a graph set another response than what the client has of it already", {
      graph: plan.name,
    }),
  );
  const ctx: GraphContext<object> = {
    ...context.params,
    ...context,
    get response(): string {
      return answer.text;
    },
    set response(value: unknown) {
      answer.set(value);
    },
    refusal: undefined,
    usage: undefined,
    state: plan.createState(),
    get stepCount() {
      return progress.steps;
    },
  };
  return { ctx, answer, progress };
}

/** The steps in the order of the edges: each is over when the next is asked for. */
async function* steps(plan: GraphPlan, ctx: GraphContext<object>): AsyncGenerator<PlannedStep> {
  let name = plan.entry;
  for (let taken = 0; name !== END; taken++) {
    ctx.signal.throwIfAborted();
    if (taken >= plan.maxSteps) throw tooManySteps(plan, name);
    const node = plan.nodes.get(name);
    if (node?.kind === "step") yield node;
    if (node?.kind === "graph") {
      ctx.state = { ...node.plan.createState(), ...ctx.state };
      yield* steps(node.plan, ctx);
    }
    name = await nextNode(plan, name, ctx);
  }
}

async function nextNode(plan: GraphPlan, from: string, ctx: GraphContext<object>): Promise<string> {
  const edge = plan.edges.get(from);
  if (edge === undefined) return END;
  const choice = await edge.choose(ctx);
  const name = edge.targets === undefined ? choice : edge.targets.get(choice);
  if (name !== undefined && (name === END || plan.nodes.has(name))) return name;
  const choices = [...(edge.targets?.keys() ?? [...plan.nodes.keys(), END])].map(nameOf);
  throw new Error(
    `The edge from '${from}' of the graph '${plan.name}' chose '${choice}'. It may choose: ${choices.join(", ")}.`,
  );
}

function nameOf(node: string): string {
  return node === END ? "END" : node;
}

function tooManySteps(plan: GraphPlan, node: string): ServeError {
  return new ServeError(
    "internal",
    `The graph '${plan.name}' took ${plan.maxSteps} steps, which is the most it may, and was to go on with '${node}'.`,
    { code: "agent_step_limit", shouldRetry: false },
  );
}
