/** What is imported from "oai-serve": by agent files that the executable loads, and by programs that use it as a library. */
import { createAgentServer } from "./compose/agent-server.ts";

export { Type } from "@sinclair/typebox";
export { defineAgent } from "./agents/kit/define-agent.ts";
export { tool } from "./agents/kit/define-tool.ts";
export { END } from "./agents/kit/graph-plan.ts";
export { Graph } from "./agents/kit/graph.ts";
export { createRegistry } from "./agents/kit/registry.ts";
export { reply } from "./agents/kit/reply.ts";

export type {
  Agent,
  AgentAnswer,
  AgentContext,
  AgentEvent,
  AgentGenerate,
  AgentGenerateOptions,
  AgentGeneration,
  AgentGenerationResult,
  AgentMessage,
  AgentParams,
  AgentPiece,
  AgentReply,
  AgentRun,
  ReplyFields,
} from "./agents/kit/agent.ts";
export type { AgentDefinition, ModelDefinition, RunDefinition } from "./agents/kit/definition.ts";
export type { GraphContext } from "./agents/kit/graph-context.ts";
export type {
  AgentGraph,
  GraphChoice,
  GraphNode,
  GraphOptions,
  GraphStep,
} from "./agents/kit/graph-types.ts";
export type { RegisterOptions, Registration, Registry } from "./agents/kit/registry.ts";
export type {
  AgentServer,
  CreateServer,
  Listening,
  ListenOptions,
  ServerOptions,
} from "./agents/kit/server.ts";
export type { AgentTool, ArgumentsOf, ToolContext, ToolOptions } from "./agents/kit/tool.ts";
export type { Static } from "./agents/kit/type-builder.ts";
export type {
  ContentPart,
  FinishReason,
  JsonSchema,
  OutputFormat,
  Role,
  Tool,
  ToolCall,
  ToolChoice,
  Usage,
} from "./core/generation.ts";
export type { Log, LogFields } from "./core/log.ts";

/** Serves agents as models: `await createServer(registry).listen({ port: 8000 })`. */
export const createServer = createAgentServer(process.env);
