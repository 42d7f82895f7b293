import type { ContentPart, GenerationRequest, Message, ToolCall } from "../../core/generation.ts";
import { isRecord } from "../../core/json.ts";
import type { AgentMessage } from "../kit/agent.ts";

/**
 * What a model is asked with. `system` stands in front, and takes in a system message that was there: many models know
 * only one.
 */
export function toPromptMessages(
  given: readonly AgentMessage[] | string | undefined,
  request: GenerationRequest,
  system: string | undefined,
): Message[] {
  const messages =
    given === undefined
      ? messagesOf(request)
      : typeof given === "string"
        ? [userMessage(given)]
        : given.map(toMessage);
  if (system === undefined || system === "") return [...messages];
  const [first, ...others] = messages;
  if (first === undefined || (first.role !== "system" && first.role !== "developer")) {
    return [{ role: "system", content: toParts(system) }, ...messages];
  }
  return [{ role: "system", content: toParts(`${system}\n\n${textOf(first.content)}`) }, ...others];
}

export function userMessage(text: string): Message {
  return { role: "user", content: toParts(text) };
}

/** With the calls that it ended with; a message may have calls and no text. */
export function assistantMessage(text: string, refusal: string, toolCalls: readonly ToolCall[]): Message {
  return {
    role: "assistant",
    content: [
      ...(text === "" ? [] : toParts(text)),
      ...(refusal === "" ? [] : [{ type: "refusal" as const, text: refusal }]),
    ],
    ...(toolCalls.length > 0 && { toolCalls }),
  };
}

/** `call` for a history. Model servers read the arguments there and refuse the request if they are no JSON object. */
export function readableCall(call: ToolCall): ToolCall {
  if (call.kind === "custom") return call;
  try {
    if (isRecord(JSON.parse(call.arguments))) return call;
  } catch {
    // The model is told of it by the call's result.
  }
  return { ...call, arguments: "{}" };
}

export function toolMessage(toolCallId: string, text: string): Message {
  return { role: "tool", toolCallId, content: toParts(text) };
}

/** Content of nothing but text becomes a text. */
export function toAgentMessage({ content, ...message }: Message): AgentMessage {
  const isText = content.every((part) => part.type === "text");
  return { ...message, content: isText ? textOf(content) : content };
}

/** All text parts, joined. */
export function textOf(content: readonly ContentPart[]): string {
  return content.map((part) => (part.type === "text" ? part.text : "")).join("");
}

function messagesOf({ prompt }: GenerationRequest): readonly Message[] {
  switch (prompt.kind) {
    case "messages":
      return prompt.messages;
    case "text":
      return [userMessage(prompt.text)];
    case "tokens":
      // Agents say that they take none, so that dispatch refuses them or makes text of them.
      throw new Error("An agent was asked with token ids.");
  }
}

function toMessage({ content, ...message }: AgentMessage): Message {
  return { ...message, content: typeof content === "string" ? toParts(content) : content };
}

function toParts(text: string): ContentPart[] {
  return [{ type: "text", text }];
}
