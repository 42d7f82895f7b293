import type { CallContext, GenerationRequest } from "../../core/generation.ts";
import type { AgentContext, AgentGenerate } from "../kit/agent.ts";
import { textOf, toAgentMessage, toPromptMessages } from "../loop/messages.ts";
import { paramsOf } from "../loop/params.ts";

export interface ContextParts {
  /** Under which the agent was asked. */
  id: string;
  request: GenerationRequest;
  context: CallContext;
  generate: AgentGenerate;
}

/** A request as the agent gets it, made anew for each. */
export function createAgentContext({ id, request, context, generate }: ContextParts): AgentContext {
  const given = toPromptMessages(undefined, request, undefined);
  return {
    agent: id,
    messages: given.map(toAgentMessage),
    userQuery: textOf(given.findLast(({ role }) => role === "user")?.content ?? []),
    params: paramsOf(request),
    tools: request.tools,
    toolChoice: request.toolChoice,
    parallelToolCalls: request.parallelToolCalls,
    responseFormat: request.output,
    conversation: request.conversationId === undefined ? undefined : { id: request.conversationId },
    signal: context.signal,
    log: context.log,
    generate,
  };
}
