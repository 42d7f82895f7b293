import type { Message, Tool, ToolChoice } from "../../core/generation.ts";
import type { ReasoningFormatName } from "../reasoning/format.ts";
import type { ToolCallFormatName } from "../tool-calls/format.ts";

/** What a template writes as a prompt. */
export interface Conversation {
  messages: readonly Message[];
  /** Those that the model may call; empty when it may call none. */
  tools: readonly Tool[];
  toolChoice: ToolChoice;
  /** Further variables of a Jinja template, such as `documents` and `enable_thinking`; a built-in reads those it knows. */
  variables: Readonly<Record<string, unknown>>;
}

/**
 * How a model was taught to see a conversation. A built-in takes the text of a message as data: what a message
 * says cannot change the form, except where the form itself has no way to quote its marks.
 * Built-ins do not write the begin-of-text token; tokenizers of model servers add it.
 */
export interface Template {
  /** For the operator: the built-in's name, or where it came from. */
  readonly name: string;
  /** Texts with which the model ends its turn. */
  readonly stop: readonly string[];
  /** Has a place for tools. If not, whoever renders tells the model about them in a system message. */
  readonly takesTools: boolean;
  /** How models of this template write tool calls and reasoning, if they do. */
  readonly toolCalls?: ToolCallFormatName;
  readonly reasoning?: ReasoningFormatName;
  /** Names of the variables that it reads; others have no effect. May hold more than that. */
  readonly variables: ReadonlySet<string>;
  /**
   * The prompt up to where the assistant's next turn begins. Bounded in time and length, and does not hold the event
   * loop; rejects with a `ServeError` (`invalid_request`, `messages`) when the template refuses the conversation, and
   * with the reason of `signal` when that aborts before it is its turn.
   */
  render(conversation: Conversation, signal?: AbortSignal): Promise<string>;
}
