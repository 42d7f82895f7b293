import type { Conversation, Template } from "./template.ts";

/** A template of our own: how a family of models was taught to see conversations. */
export interface Form extends Omit<Template, "variables" | "render"> {
  /** The variables of a conversation that it reads, if any. */
  readonly variables?: readonly string[];
  render(conversation: WrittenConversation): string;
}

/** A conversation all whose JSON is written: arguments of calls are JSON text, whatever the model once wrote. */
export interface WrittenConversation extends Omit<Conversation, "tools"> {
  tools: readonly WrittenTool[];
}

/** A tool with its JSON as models have seen it. */
export interface WrittenTool {
  name: string;
  description: string;
  /** `{"name": …, "description": …, "parameters": {…}}` */
  definition: string;
  /** JSON Schema of the arguments. */
  parameters: string;
}
