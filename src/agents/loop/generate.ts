import type { CallContext, GenerationRequest } from "../../core/generation.ts";
import type { Agent, AgentGenerate, AgentGenerateOptions } from "../kit/agent.ts";
import type { AgentEnvironment } from "../run/environment.ts";
import { createDelegate } from "./delegate.ts";
import { createGeneration } from "./generation.ts";
import { createHiddenTurnStore, type HiddenTurnStore } from "./hidden-turns.ts";
import { toPromptMessages } from "./messages.ts";
import { createOffer } from "./offer.ts";
import { paramsOf, toRequestParams } from "./params.ts";
import type { RunRecord } from "./record.ts";
import { type Rounds, runRounds } from "./rounds.ts";
import { type ServerTool, toServerTool } from "./server-tool.ts";

export interface AgentGenerateDeps {
  /** Under which the agent was asked. */
  id: string;
  agent: Pick<Agent, "model">;
  /** The agent's own request. */
  request: GenerationRequest;
  context: CallContext;
  environment: AgentEnvironment;
  /** Told what the generations came to. */
  record: RunRecord;
}

/**
 * `context.generate` of an agent, for one request: the tool loop over what the environment's `generate` gives.
 *
 * Without `messages` a generation answers the agent's own request, and unless it has `params` with that request's. A
 * `toolChoice` given beside `clientTools` is the client's: `none` and `required` are about the client's tools, and a
 * call is demanded in the first round only.
 *
 * A generation rejects with a `ServeError`: whatever becomes of a question to a model; `internal` with the code
 * `agent_iterations_exceeded` when the model has no answer after the last round, and `agent_budget_exceeded` when the
 * agents of the client's request have asked and called as often as they may; and with the reason of the signal. What
 * goes wrong in a tool is told to the model.
 */
export function createAgentGenerate(deps: AgentGenerateDeps): AgentGenerate {
  const { context } = deps;
  const inner = {
    ...context,
    callers: [...context.callers, deps.id],
    work: context.work ?? { modelCalls: 0, toolCalls: 0 },
    onAgent: (agent: string) => deps.record.addAgent(agent),
  };
  return (options) =>
    createGeneration(
      ({ signal }) =>
        runRounds(async () => await prepare(options, { ...deps, context: { ...inner, signal } })),
      context.signal,
    );
}

interface Deps extends AgentGenerateDeps {
  context: CallContext & Required<Pick<CallContext, "work">>;
}

async function prepare(options: AgentGenerateOptions, deps: Deps): Promise<Rounds> {
  const { id, agent, request, context, environment, record } = deps;
  // None: the only one that the server has, which the registry knows.
  const { model = agent.model ?? "" } = options;
  const params = options.params ?? (options.messages === undefined ? paramsOf(request) : {});
  return {
    agent: id,
    request: {
      model,
      ...toRequestParams(params),
      choices: 1,
      parallelToolCalls: options.parallelToolCalls ?? true,
      output: options.responseFormat ?? { kind: "text" },
      stream: request.stream,
      ...(request.notes !== undefined && { notes: request.notes }),
    },
    given: request,
    messages: toPromptMessages(options.messages, request, options.system),
    offer: createOffer({
      server: await serverTools(options, deps),
      ...(options.clientTools !== undefined && { client: options.clientTools }),
      toolChoice: options.toolChoice ?? { mode: "auto" },
      log: context.log,
    }),
    maxIterations: options.maxIterations ?? environment.limits.maxIterations,
    context,
    environment,
    conversationId: request.conversationId,
    record,
    hidden: hiddenTurns(environment).of(id, context.owner),
  };
}

/** In the order of the options: tools, then agents. */
async function serverTools(
  { tools = [], agents = [] }: AgentGenerateOptions,
  { environment, context, record }: Deps,
): Promise<ServerTool[]> {
  const resolved = await Promise.all(
    tools.map(async (tool) =>
      typeof tool === "string" ? await environment.tools.resolve(tool, context.signal) : [tool],
    ),
  );
  const { toolTimeoutMs } = environment.limits;
  return [
    ...resolved.flat().map((tool) => toServerTool(tool, toolTimeoutMs)),
    ...agents.map((agent) => createDelegate(agent, { environment, context, record })),
  ];
}

const stores = new WeakMap<AgentEnvironment, HiddenTurnStore>();

/** One for all agents of an environment. */
function hiddenTurns(environment: AgentEnvironment): HiddenTurnStore {
  let store = stores.get(environment);
  if (store === undefined) {
    store = createHiddenTurnStore();
    stores.set(environment, store);
  }
  return store;
}
