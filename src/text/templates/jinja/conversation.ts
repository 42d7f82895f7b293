import type { ContentPart, Message, ToolCall } from "../../../core/generation.ts";
import type { Conversation } from "../template.ts";
import { textOf } from "../text.ts";
import { functionDefinition } from "../tool-text.ts";
import type { ConversationShape } from "./shape.ts";

/** Texts of the tokenizer that a template may write. */
export interface SpecialTokens {
  bosToken?: string;
  eosToken?: string;
}

/**
 * The variables that Hugging Face's chat templates know
 * (https://huggingface.co/docs/transformers/chat_templating). Arguments of functions are texts; `withArguments` makes
 * objects of them.
 */
export function toVariables(
  { messages, tools, variables }: Conversation,
  shape: ConversationShape,
  { bosToken = "", eosToken = "" }: SpecialTokens,
): Record<string, unknown> {
  const names = new Map(
    messages.flatMap(({ toolCalls = [] }) => toolCalls).map(({ id, name }) => [id, name] as const),
  );
  return {
    documents: null,
    ...variables,
    messages: messages.map((message) => toMessage(message, shape, names)),
    tools:
      tools.length === 0
        ? null
        : tools.map((tool) => ({ type: "function", function: functionDefinition(tool) })),
    add_generation_prompt: true,
    bos_token: bosToken,
    eos_token: eosToken,
  };
}

function toMessage(
  message: Message,
  shape: ConversationShape,
  names: ReadonlyMap<string, string>,
): Record<string, unknown> {
  const { role, toolCalls = [], toolCallId } = message;
  const name = message.name ?? (toolCallId === undefined ? undefined : names.get(toolCallId));
  return {
    role: role === "developer" && !shape.hasDeveloper ? "system" : role,
    content: toContent(message, shape),
    ...(name === undefined ? {} : { name }),
    ...(toolCalls.length === 0 ? {} : { tool_calls: toolCalls.map(toToolCall) }),
    ...(toolCallId === undefined ? {} : { tool_call_id: toolCallId }),
  };
}

function toContent(message: Message, { content, hasAbsentContent }: ConversationShape): unknown {
  const { toolCalls = [] } = message;
  if (message.content.length === 0 && toolCalls.length > 0 && hasAbsentContent) return null;
  const isText = content === "text" || (content === "either" && !message.content.some(isImage));
  return isText ? textOf(message) : message.content.flatMap(toPart);
}

function isImage({ type }: ContentPart): boolean {
  return type === "image";
}

function toPart(part: ContentPart): Record<string, unknown>[] {
  switch (part.type) {
    case "text":
    case "refusal":
      return [{ type: "text", text: part.text }];
    case "image":
      return [{ type: "image" }];
    case "audio":
    case "file":
      return [];
  }
}

/** A custom tool is described as a function with one text. */
function toToolCall({ kind, id, name, arguments: text }: ToolCall): Record<string, unknown> {
  return { type: "function", id, function: { name, arguments: kind === "custom" ? { input: text } : text } };
}
