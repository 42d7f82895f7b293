import type { ContentPart, GenerationRequest, JsonSchema, Message, Tool } from "../core/generation.ts";
import { maxImageTokens } from "./image-tokens.ts";

/**
 * A prompt's size in bytes, as an upper bound of its tokens: no text has more tokens than bytes, whatever the
 * encoding, and the frames of messages, calls and tools are in it. Never less than what `countPrompt` says. Images,
 * audio and files count with the text in which they came. Stops where `cap` is reached, and gives `cap` or more.
 */
export function promptBytes(
  { prompt, tools }: Pick<GenerationRequest, "prompt" | "tools">,
  cap: number = Infinity,
): number {
  if (prompt.kind === "tokens") return prompt.tokens.length;
  if (prompt.kind === "text") return new Meter(cap).addText(prompt.text).bytes;
  const meter = new Meter(cap);
  meter.bytes = answerBytes;
  for (const message of prompt.messages) {
    if (meter.isFull) break;
    addMessage(meter, message);
  }
  if (tools.length > 0) addTools(meter, tools);
  return meter.bytes;
}

// Each more than what is written around the thing in a prompt, or in the notation of tools.
const answerBytes = 8;
const messageBytes = 24;
const partBytes = 4;
const callBytes = 8;
const toolsBytes = 96;
const toolBytes = 64;
const memberBytes = 32;

/** In JSON, a character of one byte can be written as `\u0001`. */
const escapedBytes = 6;

class Meter {
  bytes = 0;
  readonly #cap: number;

  constructor(cap: number) {
    this.#cap = cap;
  }

  get isFull(): boolean {
    return this.bytes >= this.#cap;
  }

  addText(text: string): this {
    // A character has at least one byte: a long text over the cap need not be looked through.
    this.bytes += this.bytes + text.length >= this.#cap ? text.length : Buffer.byteLength(text);
    return this;
  }
}

function addMessage(meter: Meter, message: Message): void {
  meter.bytes += messageBytes;
  if (message.name !== undefined) meter.addText(message.name);
  for (const part of message.content) {
    if (meter.isFull) return;
    addPart(meter, part);
  }
  for (const call of message.toolCalls ?? []) {
    if (meter.isFull) return;
    meter.bytes += callBytes;
    meter.addText(call.name).addText(call.arguments);
  }
}

function addPart(meter: Meter, part: ContentPart): void {
  meter.bytes += partBytes;
  switch (part.type) {
    case "text":
    case "refusal":
      meter.addText(part.text);
      break;
    case "image":
      meter.bytes += Math.max(part.url.length, maxImageTokens);
      break;
    case "audio":
      meter.bytes += part.base64.length;
      break;
    case "file":
      meter.bytes += part.base64?.length ?? 0;
      break;
  }
}

function addTools(meter: Meter, tools: readonly Tool[]): void {
  meter.bytes += toolsBytes;
  let longestName = 0;
  for (const tool of tools) {
    if (meter.isFull) return;
    meter.bytes += toolBytes;
    meter.addText(tool.name);
    longestName = Math.max(longestName, tool.name.length);
    if (tool.description !== undefined) meter.addText(tool.description);
    if (tool.parameters !== undefined) addValue(meter, tool.parameters, false);
  }
  // The choice of a tool names it once more; a character has at most three bytes.
  meter.bytes += longestName * 3;
}

/** The depth of `value` is bounded where the JSON is read. */
function addValue(meter: Meter, value: unknown, isEscaped: boolean): void {
  meter.bytes += memberBytes;
  if (typeof value === "string") {
    const start = meter.bytes;
    meter.addText(value);
    if (isEscaped) meter.bytes = start + (meter.bytes - start) * escapedBytes;
  } else if (Array.isArray(value)) {
    for (const element of value) {
      if (meter.isFull) return;
      addValue(meter, element, true);
    }
  } else if (isRecord(value)) {
    addMembers(meter, value);
  }
}

function addMembers(meter: Meter, members: JsonSchema): void {
  for (const name in members) {
    if (meter.isFull) return;
    meter.addText(name);
    addValue(meter, members[name], name === "const");
  }
}

function isRecord(value: unknown): value is JsonSchema {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
