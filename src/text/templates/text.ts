import type { Message, ToolCall } from "../../core/generation.ts";

/** The text parts of a message, refusals included, joined. Other parts have no place in a text prompt. */
export function textOf(message: Message): string {
  let text = "";
  for (const part of message.content) {
    if (part.type === "text" || part.type === "refusal") text += part.text;
  }
  return text;
}

/**
 * A tool call as one line of JSON, `{"name": …, "<argumentsKey>": …}`. Arguments that are a JSON object stand as
 * one, anything else as a string.
 */
export function toolCallText(call: ToolCall, argumentsKey: "arguments" | "parameters"): string {
  return JSON.stringify({ name: call.name, [argumentsKey]: parsedArguments(call) });
}

/** What an assistant turn says: its text, then its tool calls, one a line. */
export function assistantText(
  message: Message,
  writeCall: (call: ToolCall) => string = (call) => toolCallText(call, "arguments"),
): string {
  const text = textOf(message);
  const calls = (message.toolCalls ?? []).map(writeCall);
  return [...(text === "" ? [] : [text]), ...calls].join("\n");
}

function parsedArguments(call: ToolCall): unknown {
  if (call.kind === "custom") return call.arguments;
  try {
    const value: unknown = JSON.parse(call.arguments);
    return typeof value === "object" && value !== null ? value : call.arguments;
  } catch {
    return call.arguments;
  }
}
