import { ServeError } from "../../../core/error.ts";
import type { ContentPart, Message } from "../../../core/generation.ts";
import { keepNewest } from "../../../core/keep-newest.ts";

export interface SizeLimits {
  maxMessages: number;
  /** Of one conversation, about as many as its JSON has. */
  maxBytes: number;
}

/** What a message and each of its parts cost besides their texts. */
const frameBytes = 48;

/** About how many bytes a message is as JSON, in no time. */
export function sizeOfMessage({ content, toolCalls = [], name = "", toolCallId = "" }: Message): number {
  return (
    frameBytes +
    name.length +
    toolCallId.length +
    sum(content.map((part) => frameBytes + sizeOfPart(part))) +
    sum(toolCalls.map((call) => frameBytes + call.id.length + call.name.length + bytesOf(call.arguments)))
  );
}

function sizeOfPart(part: ContentPart): number {
  switch (part.type) {
    case "text":
    case "refusal":
      return bytesOf(part.text);
    case "image":
      return part.url.length;
    case "audio":
      return part.base64.length;
    case "file":
      return (part.base64?.length ?? 0) + (part.filename?.length ?? 0);
  }
}

function bytesOf(text: string): number {
  return Buffer.byteLength(text);
}

/** Once too large, a transcript is brought well below its limit, so that not every later turn has to rewrite it. */
const shareLeft = 0.75;

/**
 * What is stored of a transcript: all of it, or its newest turns once there is too much. Throws `too_large` when the
 * last turn alone is more than one conversation may have.
 */
export function fitSize(messages: readonly Message[], limits: SizeLimits): readonly Message[] {
  const ones = messages.map(() => 1);
  const fewer =
    messages.length > limits.maxMessages
      ? keepNewest(messages, ones, limits.maxMessages * shareLeft)
      : messages;
  const sizes = fewer.map(sizeOfMessage);
  const fitting =
    sum(sizes) > limits.maxBytes ? keepNewest(fewer, sizes, limits.maxBytes * shareLeft) : fewer;
  if (fitting.length > limits.maxMessages || sum(fitting.map(sizeOfMessage)) > limits.maxBytes) {
    throw new ServeError(
      "too_large",
      `One turn is more than a conversation may have: ${limits.maxMessages} messages, ${limits.maxBytes} bytes.`,
      { code: "conversation_too_large", param: "messages" },
    );
  }
  return fitting;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0);
}
