import type { Agent, AgentContext, AgentRun } from "./agent.ts";
import { assertDefinition, nameOf } from "./assert-definition.ts";
import type { AgentDefinition, ModelDefinition, RunDefinition } from "./definition.ts";
import { isGraph } from "./graph.ts";
import { agentMark, hasMark } from "./marks.ts";

/**
 * An agent: a function or a graph (`run`), or a model with instructions, tools and a team (`model`). Throws an `Error`
 * that says what is wrong with `definition` and what would be right.
 *
 * @example
 * export default defineAgent({
 *   name: "echo",
 *   run: ({ userQuery }) => `You said: ${userQuery}`,
 * });
 *
 * @example
 * export default defineAgent({
 *   name: "researcher",
 *   model: "gemini-2.5-flash",
 *   system: "Answer from sources, and name them.",
 *   tools: ["http_request"],
 * });
 */
export function defineAgent(definition: AgentDefinition): Agent {
  assertDefinition(definition);
  return "run" in definition ? ofRun(definition) : ofModel(definition);
}

/** Whether `value` was made by `defineAgent`, of whichever copy of the kit. */
export function isAgent(value: unknown): value is Agent {
  return hasMark(value, agentMark);
}

function ofRun({ name, description, run, model }: RunDefinition): Agent {
  return mark({
    name,
    ...(description !== undefined && { description }),
    run: isGraph(run) ? run.toRun() : run,
    ...(model !== undefined && { model }),
    tools: [],
    namedTools: [],
    agents: [],
  });
}

function ofModel(definition: ModelDefinition): Agent {
  const { name, description, model, tools = [], agents = [] } = definition;
  return mark({
    name,
    ...(description !== undefined && { description }),
    run: toRun(definition),
    model,
    tools: tools.map(nameOf),
    namedTools: tools.filter((tool) => typeof tool === "string"),
    agents: [...agents],
  });
}

function toRun(definition: ModelDefinition): AgentRun {
  const { model, system, tools = [], agents = [], params = {}, maxIterations } = definition;
  const { parallel = true, includeClientTools = true } = definition;
  return (context: AgentContext) =>
    context.generate({
      model,
      ...(system !== undefined && { system }),
      tools,
      ...(includeClientTools && { clientTools: context.tools, toolChoice: context.toolChoice }),
      parallelToolCalls: parallel && context.parallelToolCalls,
      params: {
        ...params,
        ...context.params,
        extra: { ...params.extra, ...context.params.extra },
      },
      responseFormat: context.responseFormat,
      ...(maxIterations !== undefined && { maxIterations }),
      agents,
    });
}

function mark(agent: Agent): Agent {
  return Object.assign(agent, { [agentMark]: true });
}
