import type { Message, Tool, ToolCall } from "../../core/generation.ts";
import { isRecord } from "../../core/json.ts";
import { toJsonText } from "./json-text.ts";
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
export function toolText(tool: Tool): string {
  return toJsonText({ type: "function", function: functionDefinition(tool) });
}

/**
 * A tool call as one line of JSON, `{"name": …, "<key>": …}`. Arguments that are a JSON object stand as the model
 * wrote them, anything else as a string.
 */
export function callText(call: ToolCall, key: "arguments" | "parameters"): string {
  return `{"name": ${JSON.stringify(call.name)}, "${key}": ${argumentsText(call)}}`;
}

/** JSON text of a call's arguments. */
export function argumentsText(call: ToolCall): string {
  if (call.kind === "custom") return toJsonText({ input: call.arguments });
  const text = call.arguments.trim();
  if (text === "") return "{}";
  return parsedArguments(call) === undefined ? JSON.stringify(call.arguments) : text;
}

/** Arguments as an object; undefined if the model wrote something else. */
export function parsedArguments(call: ToolCall): Readonly<Record<string, unknown>> | undefined {
  if (call.kind === "custom") return { input: call.arguments };
  try {
    const value: unknown = JSON.parse(call.arguments);
    return isRecord(value) ? value : undefined;
  } catch {
    return undefined;
  }
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
