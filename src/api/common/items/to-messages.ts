import type { ContentPart, Message, ToolCall } from "../../../core/generation.ts";
import type { JsonRecord } from "../../../core/json.ts";
import { given } from "../sampling.ts";
import { readCompaction } from "./compaction.ts";
import {
  isCompaction,
  isCustomToolCall,
  isCustomToolCallOutput,
  isFunctionCall,
  isFunctionCallOutput,
  isMessageItem,
  type AnyOutputItem,
} from "./kinds.ts";
import { flatName } from "./namespace.ts";
import type { ItemContent, ItemPart } from "./schema.ts";

/**
 * What the items say to a model. Calls in a row are one message of the assistant, together with a message of it right
 * before them. Items that no model is shown (reasoning, hosted tools, unknown kinds, references) are passed over, and
 * do not part calls.
 */
export function toMessages(items: readonly JsonRecord[]): Message[] {
  return toPlacedMessages(items).map(({ message }) => message);
}

/** A message, and how many of the items there are up to the last one that it is read from. */
export interface PlacedMessage {
  message: Message;
  end: number;
}

/** The same, with where in the items each message ends. */
export function toPlacedMessages(items: readonly JsonRecord[]): PlacedMessage[] {
  const messages: PlacedMessage[] = [];
  let calls: CallsOfLast | undefined;
  for (const [index, item] of items.entries()) {
    const call = readCall(item);
    const message = call === undefined ? readMessage(item) : undefined;
    const end = index + 1;
    if (call !== undefined) {
      calls ??= beginCalls(messages);
      calls.list.push(call);
      calls.placed.end = end;
    } else if (message !== undefined) {
      calls = undefined;
      messages.push({ message, end });
    }
  }
  return messages;
}

/** The calls of the last message, to which more may come. */
interface CallsOfLast {
  placed: PlacedMessage;
  list: ToolCall[];
}

function beginCalls(messages: PlacedMessage[]): CallsOfLast {
  const list: ToolCall[] = [];
  const said = messages.at(-1)?.message.role === "assistant" ? messages.pop()?.message : undefined;
  const message: Message = { ...(said ?? { role: "assistant", content: [] }), toolCalls: list };
  const placed: PlacedMessage = { message, end: 0 };
  messages.push(placed);
  return { placed, list };
}

function readCall(item: JsonRecord): ToolCall | undefined {
  if (isFunctionCall(item)) {
    const { call_id: id, arguments: text } = item;
    return { id, kind: "function", name: flatName(item), arguments: text ?? "" };
  }
  if (isCustomToolCall(item)) {
    const { call_id: id, input } = item;
    return { id, kind: "custom", name: flatName(item), arguments: input };
  }
  return undefined;
}

function readMessage(item: JsonRecord): Message | undefined {
  if (isMessageItem(item)) {
    const { role, content, name } = item;
    return { role, content: readContent(content), ...given("name", name) };
  }
  if (isFunctionCallOutput(item) || isCustomToolCallOutput(item)) return readOutput(item);
  return isCompaction(item) ? readCompaction(item.encrypted_content) : undefined;
}

function readOutput({ output, call_id: toolCallId, name }: AnyOutputItem): Message {
  return {
    role: "tool",
    content: readContent(output),
    ...given("toolCallId", toolCallId),
    ...given("name", name),
  };
}

function readContent(content: ItemContent): ContentPart[] {
  return typeof content === "string" ? [{ type: "text", text: content }] : content.flatMap(readPart);
}

/** Nothing for what only another server has: images by the id of a file, files by their address. */
function readPart(part: ItemPart): ContentPart[] {
  switch (part.type) {
    case "input_text":
    case "output_text":
    case "text":
    case "summary_text":
    case "reasoning_text":
      return [{ type: "text", text: part.text }];
    case "refusal":
      return [{ type: "refusal", text: part.refusal }];
    case "input_image":
    case "computer_screenshot": {
      const { image_url: url, detail } = part;
      return url == null ? [] : [{ type: "image", url, ...given("detail", detail) }];
    }
    case "input_audio":
      return [{ type: "audio", base64: part.input_audio.data, format: part.input_audio.format }];
    case "input_file":
      return [
        {
          type: "file",
          ...given("filename", part.filename),
          ...given("base64", part.file_data),
          ...given("fileId", part.file_id),
        },
      ];
  }
}
