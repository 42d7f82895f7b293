import { ServeError } from "../../../core/error.ts";
import type { ContentPart, Message } from "../../../core/generation.ts";
import { isRecord } from "../../../core/json.ts";
import { keepNewest } from "../../../core/keep-newest.ts";

export interface SizeLimits {
  maxMessages: number;
  /** Of one conversation, about as many as its JSON has. */
  maxBytes: number;
}

/** What each part of a message costs besides its text. */
const frameBytes = 48;
/** Likewise what a message and each of its calls cost, which are items with an id. */
const itemBytes = 160;

/** About how many bytes a message is as JSON, in no time. */
export function sizeOfMessage({ content, toolCalls = [], name = "", toolCallId = "" }: Message): number {
  return (
    itemBytes +
    name.length +
    toolCallId.length +
    sum(content.map((part) => frameBytes + sizeOfPart(part))) +
    sum(toolCalls.map((call) => itemBytes + call.id.length + call.name.length + bytesOf(call.arguments)))
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

/** About how many bytes a value that came from JSON is as JSON, in no time. */
export function sizeOfJson(value: unknown): number {
  if (typeof value === "string") return bytesOf(value) + 3;
  if (Array.isArray(value)) return 2 + sum(value.map(sizeOfJson));
  if (!isRecord(value)) return 5;
  return 2 + sum(Object.entries(value).map(([key, each]) => key.length + 3 + sizeOfJson(each)));
}

function bytesOf(text: string): number {
  return Buffer.byteLength(text);
}

/** Once too large, a transcript is brought well below its limit, so that not every later turn has to rewrite it. */
const shareLeft = 0.75;

export interface Sizes {
  /** `sizeOfMessage` if absent. */
  sizeOf?: (message: Message) => number;
  /** What the client gave too much in; `messages` if absent. */
  param?: string;
}

/**
 * What is stored of a transcript: all of it, or its newest turns once there is too much. Throws `too_large` when the
 * last turn alone is more than one conversation may have.
 */
export function fitSize(
  messages: readonly Message[],
  limits: SizeLimits,
  { sizeOf = sizeOfMessage, param = "messages" }: Sizes = {},
): readonly Message[] {
  const ones = messages.map(() => 1);
  const fewer =
    messages.length > limits.maxMessages
      ? keepNewest(messages, ones, limits.maxMessages * shareLeft)
      : messages;
  const sizes = fewer.map(sizeOf);
  const fitting =
    sum(sizes) > limits.maxBytes ? keepNewest(fewer, sizes, limits.maxBytes * shareLeft) : fewer;
  if (fitting.length > limits.maxMessages || sum(fitting.map(sizeOf)) > limits.maxBytes) {
    throw turnTooLarge(limits, param);
  }
  return fitting;
}

export function turnTooLarge({ maxMessages, maxBytes }: SizeLimits, param: string): ServeError {
  return new ServeError(
    "too_large",
    `One turn is more than a conversation may have: ${maxMessages} messages, ${maxBytes} bytes.`,
    { code: "conversation_too_large", param },
  );
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0);
}
