import type { JsonSchema } from "../../core/generation.ts";
import type { Log } from "../../core/log.ts";

/** A tool that runs on the server, as `tool` makes it. */
export interface AgentTool {
  readonly name: string;
  readonly description?: string;
  /** JSON Schema of the arguments, an object; absent means no arguments. */
  readonly parameters?: JsonSchema;
  /** Longest run in milliseconds; 60 s unless told. */
  readonly timeoutMs?: number;
  /**
   * `args` have been checked against `parameters`. A text is the result as it is, anything else becomes JSON. What it
   * throws is told to the model by its message.
   */
  execute(args: unknown, context: ToolContext): unknown;
}

export interface ToolContext {
  /** Aborts when the client has left or the tool's time is over. */
  readonly signal: AbortSignal;
  readonly log: Log;
  /** Id of the call. */
  readonly callId: string;
  /** Id of the agent for which it runs. */
  readonly agent: string;
  readonly conversation: { readonly id: string } | undefined;
}

/** The arguments that a schema describes: TypeBox schemas know their type, plain JSON Schema does not. */
export type ArgumentsOf<Parameters> = Parameters extends { static: infer Type }
  ? Type
  : Record<string, unknown>;

export interface ToolOptions<Parameters extends object> {
  /** 1 to 64 letters, digits, underscores and dashes. */
  name: string;
  /** Tells the model when and how to use it. */
  description?: string;
  /** TypeBox or JSON Schema of the arguments, an object. */
  parameters?: Parameters;
  timeoutMs?: number;
  execute(args: ArgumentsOf<Parameters>, context: ToolContext): unknown;
}
