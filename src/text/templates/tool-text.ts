import type { Message, Tool, ToolCall } from "../../core/generation.ts";
import type { WrittenTool } from "./form.ts";
import { joinTexts, textOf } from "./text.ts";

/** A function as OpenAI's API describes it to a model. */
export interface FunctionDefinition {
  name: string;
  description?: string;
  parameters: Readonly<Record<string, unknown>>;
}

/** A custom tool is described as a function with one text, `input`: models know nothing else. */
export function functionDefinition({ kind, name, description, parameters }: Tool): FunctionDefinition {
  const schema = kind === "custom" ? customParameters : (parameters ?? noParameters);
  return { name, ...(description === undefined ? {} : { description }), parameters: schema };
}

/** `{"type": "function", "function": {…}}`, the form of most templates. */
export function toolText({ definition }: WrittenTool): string {
  return `{"type": "function", "function": ${definition}}`;
}

/** A tool call whose arguments are JSON text, as one line of JSON: `{"name": …, "<key>": …}`. */
export function callText(call: ToolCall, key: "arguments" | "parameters"): string {
  return `{"name": ${JSON.stringify(call.name)}, "${key}": ${call.arguments}}`;
}

/** A call in the form that models without one of their own are told to use, `<tool_call>`. */
export function hermesCall(call: ToolCall): string {
  return `<tool_call>\n${callText(call, "arguments")}\n</tool_call>`;
}

/** A tool's result in the same form. */
export function hermesResult(message: Message): string {
  return `<tool_response>\n${textOf(message)}\n</tool_response>`;
}

/** What an assistant's turn says: its text, then its tool calls, one a line. */
export function assistantText(message: Message, writeCall: (call: ToolCall) => string): string {
  return joinTexts([textOf(message), ...(message.toolCalls ?? []).map(writeCall)], "\n");
}

const noParameters = { type: "object", properties: {} };
const customParameters = {
  type: "object",
  properties: { input: { type: "string" } },
  required: ["input"],
};
