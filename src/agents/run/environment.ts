import type { Generate } from "../../core/generate.ts";
import type { SchemaChecker } from "../../json-schema/checker.ts";
import type { ToolTable } from "../tools/table.ts";

/** What agents are given to work with. */
export interface AgentEnvironment {
  /** The way to models and to other agents. */
  generate: Generate;
  schemas: SchemaChecker;
  /** Tools by name: built in, configured, or of MCP servers. */
  tools: ToolTable;
  /** The agents of this server by id, private ones too; what they say of themselves is told to agents above them. */
  agents?: { get(id: string): { readonly description?: string } | undefined };
  limits: AgentLimits;
  /** How much of tools' arguments and results is logged. */
  logContent: "preview" | "full" | "off";
  /** Told of every synchronous step of an agent, so that it can say whose step held everybody up. */
  loopWatch?: LoopWatch;
}

export interface LoopWatch {
  /** `step` as a step of the agent with that id; its result as it is. */
  run<Result>(agentId: string, step: () => Result): Result;
  /** The agent is at work until the returned function is called. */
  enter(agentId: string): () => void;
}

export interface AgentLimits {
  /** Questions to the model in one generation of an agent, unless the agent says another number. */
  maxIterations: number;
  /** Questions to models, over all agents that work for one request of a client. */
  maxModelCalls: number;
  /** Calls of tools, likewise. */
  maxToolCalls: number;
  /** Agents that may stand one above the other. */
  maxDepth: number;
  /** Calls of tools that one agent runs at once. */
  maxParallelTools: number;
  toolTimeoutMs: number;
  /** Longest result of a tool that a model is given, in UTF-16 units; the rest is cut. */
  maxToolResultChars: number;
}
