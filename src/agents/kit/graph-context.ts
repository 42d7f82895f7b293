import type { Usage } from "../../core/generation.ts";
import type { AgentContext, AgentParams } from "./agent.ts";

/**
 * What the nodes of a graph share, made anew for every request: the request's own facts, its params, and whatever
 * fields the nodes add.
 */
export interface GraphContext<State extends object = Record<string, unknown>>
  extends AgentContext, AgentParams {
  /** The answer so far. May be set to anything; what is not a text becomes JSON, and nothing an empty text. */
  get response(): string;
  set response(value: unknown);
  /** Makes the answer a refusal, which ends with `content_filter`. */
  refusal: string | undefined;
  /** Instead of what is counted. */
  usage: Usage | undefined;
  /** The graph's own fields, with their types. */
  state: State;
  /** Steps so far, this one included. */
  readonly stepCount: number;
  [field: string]: unknown;
}
