/** What files of agents import from "oai-serve", and the types that go with it. */
import type { CreateServer } from "../../src/agents/kit/server.ts";
import type { TypeBuilder } from "../../src/agents/kit/type-builder.ts";

export { defineAgent } from "../../src/agents/kit/define-agent.ts";
export { tool } from "../../src/agents/kit/define-tool.ts";
export { Graph } from "../../src/agents/kit/graph.ts";
export { END } from "../../src/agents/kit/graph-plan.ts";
export { reply } from "../../src/agents/kit/reply.ts";
export { createRegistry } from "../../src/agents/kit/registry.ts";
/** Serves the agents of a registry. */
export declare const createServer: CreateServer;
/** Builders of schemas for the arguments of tools. */
export declare const Type: TypeBuilder;

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
} from "../../src/agents/kit/agent.ts";
export type { AgentDefinition, ModelDefinition, RunDefinition } from "../../src/agents/kit/definition.ts";
export type { GraphContext } from "../../src/agents/kit/graph-context.ts";
export type {
  AgentGraph,
  GraphChoice,
  GraphNode,
  GraphOptions,
  GraphStep,
} from "../../src/agents/kit/graph-types.ts";
export type { RegisterOptions, Registration, Registry } from "../../src/agents/kit/registry.ts";
export type {
  AgentServer,
  CreateServer,
  Listening,
  ListenOptions,
  ServerOptions,
} from "../../src/agents/kit/server.ts";
export type { AgentTool, ArgumentsOf, ToolContext, ToolOptions } from "../../src/agents/kit/tool.ts";
export type { Static } from "../../src/agents/kit/type-builder.ts";
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
} from "../../src/core/generation.ts";
export type { Log, LogFields } from "../../src/core/log.ts";
