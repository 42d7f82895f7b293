import type { AgentParams, AgentRun } from "./agent.ts";
import type { AgentGraph } from "./graph-types.ts";
import type { AgentTool } from "./tool.ts";

/** An agent that is a function or a graph. */
export interface RunDefinition {
  /** The id under which it is served: 1 to 256 characters without spaces. */
  name: string;
  /** For those who choose an agent: people, and models that hand work to it. */
  description?: string;
  run: AgentRun | AgentGraph;
  /** The model that `context.generate` asks when it names none. */
  model?: string;
}

/** An agent that is a model with instructions, tools and a team. */
export interface ModelDefinition {
  /** As in `RunDefinition`, both. */
  name: string;
  description?: string;
  /** Id of a model or another agent of this server, or of a known provider. */
  model: string;
  /** Stands in front of the messages. */
  system?: string;
  /** Tools that run here: made by `tool`, or the name of a built-in or configured one. */
  tools?: readonly (AgentTool | string)[];
  /** What counts where the client says nothing. */
  params?: AgentParams;
  /** Most questions to the model for one answer; 10 unless told. */
  maxIterations?: number;
  /** Names of agents that the model may hand parts of its work to. */
  agents?: readonly string[];
  /** Whether it may hand work to several of them at once; yes unless told. */
  parallel?: boolean;
  /** Whether its model is shown the tools that the client runs; yes unless told. */
  includeClientTools?: boolean;
}

export type AgentDefinition = RunDefinition | ModelDefinition;
