import type { ContentPart, Message, ToolCall } from "../../../core/generation.ts";
import type { JsonRecord } from "../../../core/json.ts";
import { given } from "../sampling.ts";
import { createItemId } from "./item-id.ts";
import type { Item } from "./kinds.ts";

/**
 * Messages as items, each with a new id. `toMessages` gives the same messages back, but for those that have an empty
 * list of calls, which they then have not. `before` are the messages that stand before them.
 */
export function fromMessages(messages: readonly Message[], before: readonly Message[] = []): Item[] {
  const customCalls = new Set(
    [...before, ...messages].flatMap(({ toolCalls = [] }) =>
      toolCalls.filter(({ kind }) => kind === "custom").map(({ id }) => id),
    ),
  );
  return messages.flatMap((message, index) => {
    if (message.role === "tool") return [encodeOutput(message, customCalls)];
    if (message.role !== "assistant") return [encodeMessage(message)];
    const calls = (message.toolCalls ?? []).map(encodeCall);
    const previous = index === 0 ? before.at(-1) : messages[index - 1];
    const isBare = calls.length > 0 && message.content.length === 0 && message.name === undefined;
    // Without a message of its own, calls would be read as those of the message before.
    return isBare && previous?.role !== "assistant" ? calls : [encodeMessage(message), ...calls];
  });
}

function encodeMessage({ role, content, name }: Message): Item {
  return {
    id: createItemId("message"),
    type: "message",
    role,
    status: "completed",
    content: content.map((part) => encodePart(part, role)),
    ...given("name", name),
  };
}

function encodeCall({ id, kind, name, arguments: text }: ToolCall): Item {
  return kind === "custom"
    ? { ...started("custom_tool_call"), call_id: id, name, input: text }
    : { ...started("function_call"), call_id: id, name, arguments: text };
}

function encodeOutput({ content, toolCallId, name }: Message, customCalls: ReadonlySet<string>): Item {
  const isCustom = toolCallId !== undefined && customCalls.has(toolCallId);
  const [part, ...more] = content;
  return {
    ...started(isCustom ? "custom_tool_call_output" : "function_call_output"),
    ...given("call_id", toolCallId),
    output:
      part?.type === "text" && more.length === 0
        ? part.text
        : content.map((each) => encodePart(each, "tool")),
    ...given("name", name),
  };
}

function started(type: string): Item {
  return { id: createItemId(type), type, status: "completed" };
}

function encodePart(part: ContentPart, role: Message["role"]): JsonRecord {
  switch (part.type) {
    case "text":
      return role === "assistant"
        ? { type: "output_text", text: part.text, annotations: [], logprobs: [] }
        : { type: "input_text", text: part.text };
    case "refusal":
      return { type: "refusal", refusal: part.text };
    case "image":
      return { type: "input_image", image_url: part.url, ...given("detail", part.detail) };
    case "audio":
      return { type: "input_audio", input_audio: { data: part.base64, format: part.format } };
    case "file":
      return {
        type: "input_file",
        ...given("filename", part.filename),
        ...given("file_data", part.base64),
        ...given("file_id", part.fileId),
      };
  }
}
