import type { Sampling } from "../../core/generation.ts";

/** One agent of the configuration, checked; keys under our own names. */
export interface AgentConfig {
  description?: string;
  /** Id of a model or agent of this server, or of a known provider's model. */
  model: string;
  /** What the operator calls the model, where `model` is an id that only this agent knows. */
  modelName?: string;
  system?: string;
  /** Names of built-in and configured tools, and of MCP servers. */
  tools: readonly string[];
  /** Names of agents that it may hand work to. */
  agents: readonly string[];
  /** Names of agents that answer first; what they say is put before it. */
  inputs: readonly string[];
  /** Whether it may hand work to several at once. */
  parallel: boolean;
  maxIterations?: number;
  /** For what the client leaves out. */
  sampling: Sampling;
  reasoningEffort?: string;
  /** Other fields of a request for what the client leaves out, under their wire names. */
  extra: Readonly<Record<string, unknown>>;
  /** It answers other agents only. */
  isPrivate: boolean;
  isDefault: boolean;
}
