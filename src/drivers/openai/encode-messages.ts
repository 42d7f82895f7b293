import { createHash } from "node:crypto";
import type { ContentPart, Message, ToolCall } from "../../core/generation.ts";
import type { JsonRecord } from "../../core/json.ts";
import type { Traits } from "./traits.ts";

/** Messages in the form of `/chat/completions`. */
export function encodeMessages(
  messages: readonly Message[],
  traits: Pick<Traits, "developerRole">,
  model: string,
): JsonRecord[] {
  const toCallId = mistralNames.test(model) ? toShortId : (id: string) => id;
  return messages.map((message) => encodeMessage(message, { ...traits, toCallId }));
}

/** Mistral's API and its models' own templates refuse ids of calls that are not nine letters and digits. */
const mistralNames = /mistral|mixtral|ministral|magistral|codestral|devstral|pixtral/i;

function toShortId(id: string): string {
  return /^[a-zA-Z0-9]{9}$/.test(id) ? id : createHash("sha256").update(id).digest("hex").slice(0, 9);
}

interface MessageForm extends Pick<Traits, "developerRole"> {
  toCallId: (id: string) => string;
}

function encodeMessage(message: Message, { developerRole, toCallId }: MessageForm): JsonRecord {
  const { role, content, name, toolCalls = [], toolCallId } = message;
  const refusals = content.filter((part) => part.type === "refusal");
  return {
    role: role === "developer" && !developerRole ? "system" : role,
    content: encodeContent(
      content.filter((part) => part.type !== "refusal"),
      toolCalls.length > 0 || refusals.length > 0,
    ),
    ...(refusals.length === 0 ? {} : { refusal: refusals.map(({ text }) => text).join("") }),
    ...(name === undefined ? {} : { name }),
    ...(toolCalls.length === 0
      ? {}
      : { tool_calls: toolCalls.map((call) => encodeToolCall({ ...call, id: toCallId(call.id) })) }),
    ...(toolCallId === undefined ? {} : { tool_call_id: toCallId(toolCallId) }),
  };
}

/** Plain text as one string: not every server takes parts. */
function encodeContent(content: readonly ContentPart[], mayBeAbsent: boolean): unknown {
  if (content.length === 0 && mayBeAbsent) return null;
  const texts = content.map((part) => (part.type === "text" ? part.text : undefined));
  if (texts.every((text) => text !== undefined)) return texts.join("");
  return content.map(encodePart);
}

function encodePart(part: ContentPart): JsonRecord {
  switch (part.type) {
    case "text":
    case "refusal":
      return { type: part.type, [part.type]: part.text };
    case "image": {
      const { url, detail } = part;
      return { type: "image_url", image_url: { url, ...(detail === undefined ? {} : { detail }) } };
    }
    case "audio":
      return { type: "input_audio", input_audio: { data: part.base64, format: part.format } };
    case "file": {
      const { filename, base64, fileId } = part;
      return {
        type: "file",
        file: {
          ...(filename === undefined ? {} : { filename }),
          ...(base64 === undefined ? {} : { file_data: base64 }),
          ...(fileId === undefined ? {} : { file_id: fileId }),
        },
      };
    }
  }
}

function encodeToolCall({ id, kind, name, arguments: text }: ToolCall): JsonRecord {
  return kind === "custom"
    ? { id, type: "custom", custom: { name, input: text } }
    : { id, type: "function", function: { name, arguments: text } };
}
