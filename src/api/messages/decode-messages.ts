import { ServeError } from "../../core/error.ts";
import type { ContentPart, Message } from "../../core/generation.ts";
import { given } from "../common/sampling.ts";
import { decodeBlock, decodeToolResult, decodeToolUse } from "./decode-blocks.ts";
import type { CountTokensRequest, MessageTurn } from "./schema.ts";

export interface DecodedMessages {
  messages: Message[];
  /** Of each message, the field of the request in which it begins: `system`, or `messages[2]`. */
  fields: string[];
}

/**
 * The conversation in our words: outcomes of calls are messages of their own, and a side's messages that follow each
 * other are one. Throws `invalid_request` if no model would be shown anything.
 */
export function decodeMessages({ system, messages }: CountTokensRequest): DecodedMessages {
  const decoded: DecodedMessages = { messages: [], fields: [] };
  const instructions = decodeSystem(system ?? []);
  if (instructions !== undefined) append(decoded, instructions, "system");
  const before = decoded.messages.length;
  for (const [position, turn] of messages.entries()) {
    for (const message of decodeTurn(turn)) append(decoded, message, `messages[${position}]`);
  }
  if (decoded.messages.length > before) return decoded;
  throw new ServeError("invalid_request", "'messages' has nothing that a model is shown.", {
    code: "invalid_value",
    param: "messages",
  });
}

function decodeTurn(turn: MessageTurn): Message[] {
  switch (turn.role) {
    case "system": {
      const instructions = decodeSystem(turn.content);
      return instructions === undefined ? [] : [instructions];
    }
    case "user":
      return decodeUser(turn.content);
    case "assistant":
      return decodeAssistant(turn.content);
  }
}

type ContentOf<Role extends MessageTurn["role"]> = Extract<MessageTurn, { role: Role }>["content"];

/** Blocks are paragraphs: some clients put a whole set of instructions into each. */
function decodeSystem(content: ContentOf<"system">): Message | undefined {
  if (content.length === 0) return undefined;
  const text = typeof content === "string" ? content : content.map((block) => block.text).join("\n\n");
  return { role: "system", content: [{ type: "text", text }] };
}

/** Outcomes come first, as calls have to be answered before anything else is said. */
function decodeUser(content: ContentOf<"user">): Message[] {
  if (typeof content === "string") return [{ role: "user", content: [{ type: "text", text: content }] }];
  const results: Message[] = [];
  const rest: ContentPart[] = [];
  for (const block of content) {
    if (block.type === "tool_result") {
      const { text, others } = decodeToolResult(block);
      results.push({ role: "tool", content: [{ type: "text", text }], toolCallId: block.tool_use_id });
      rest.push(...others);
    } else {
      rest.push(...decodeBlock(block));
    }
  }
  return rest.length === 0 ? results : [...results, { role: "user", content: rest }];
}

function decodeAssistant(content: ContentOf<"assistant">): Message[] {
  if (typeof content === "string") return [{ role: "assistant", content: [{ type: "text", text: content }] }];
  const parts = content.flatMap(decodeBlock);
  const calls = content.flatMap((block) => (block.type === "tool_use" ? [decodeToolUse(block)] : []));
  if (parts.length === 0 && calls.length === 0) return [];
  return [
    { role: "assistant", content: parts, ...given("toolCalls", calls.length === 0 ? undefined : calls) },
  ];
}

/** Puts a message behind the others, or into the last one if the same side goes on. */
function append({ messages, fields }: DecodedMessages, message: Message, field: string): void {
  const last = messages.at(-1);
  const goesOn = last?.role === message.role && (message.role === "user" || message.role === "assistant");
  if (last === undefined || !goesOn) {
    messages.push(message);
    fields.push(field);
    return;
  }
  const calls = [...(last.toolCalls ?? []), ...(message.toolCalls ?? [])];
  messages[messages.length - 1] = {
    ...last,
    content: inParagraphs(last.content, message.content),
    ...given("toolCalls", calls.length === 0 ? undefined : calls),
  };
}

function inParagraphs(before: readonly ContentPart[], after: readonly ContentPart[]): readonly ContentPart[] {
  const isBroken = before.at(-1)?.type === "text" && after[0]?.type === "text";
  return isBroken ? [...before, { type: "text", text: "\n\n" }, ...after] : [...before, ...after];
}
