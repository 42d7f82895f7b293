import type { ContentPart, GenerationRequest, Message, Tool, ToolChoice } from "../core/generation.ts";
import type { TokenCounter } from "./counter.ts";
import type { Encoding } from "./encoding.ts";
import { countImageTokens, readImageSize } from "./image-tokens.ts";
import { toToolNotation } from "./tool-notation.ts";

/**
 * Tokens that a prompt costs by OpenAI's rules (conformance 8.2, 8.3, 8.5): the texts and a few for the frame of
 * the answer, of each message, each call in the history, and of the tools. A plain text costs its own tokens, a
 * token prompt its length. Audio and files are not counted. Never rejects; estimates where `counter` does.
 */
export async function countPrompt(
  counter: TokenCounter,
  encoding: Encoding,
  { prompt, tools, toolChoice }: Pick<GenerationRequest, "prompt" | "tools" | "toolChoice">,
): Promise<number> {
  if (prompt.kind === "tokens") return prompt.tokens.length;
  if (prompt.kind === "text") return sum(await counter.count(encoding, [prompt.text]));
  const bill: Bill = { fixed: answerFrame, texts: [], roles: new Map() };
  addMessages(bill, prompt.messages, tools.length > 0);
  if (tools.length > 0) addTools(bill, tools, toolChoice);
  const roles = [...bill.roles];
  const counts = await counter.count(encoding, [...roles.map(([role]) => role), ...bill.texts]);
  return bill.fixed + sum(counts.map((count, index) => count * (roles[index]?.[1] ?? 1)));
}

interface Bill {
  /** Tokens known without counting. */
  fixed: number;
  texts: string[];
  /** How many messages have each role: the few role names are counted once. */
  roles: Map<string, number>;
}

const answerFrame = 3;
const messageFrame = 3;
const nameFrame = 1;
const callFrame = 3;
const toolsFrame = 9;
/** The tools stand in the first system message, which saves them a message of their own. */
const toolsInSystemMessage = -4;
const noToolFrame = 1;
const namedToolFrame = 4;

function addMessages(bill: Bill, messages: readonly Message[], hasTools: boolean): void {
  const host = hasTools ? messages.find(({ role }) => role === "system" || role === "developer") : undefined;
  if (host !== undefined) bill.fixed += toolsInSystemMessage;
  for (const message of messages) {
    bill.fixed += messageFrame;
    bill.roles.set(message.role, (bill.roles.get(message.role) ?? 0) + 1);
    if (message.name !== undefined) {
      bill.fixed += nameFrame;
      bill.texts.push(message.name);
    }
    addContent(bill, message.content);
    if (message === host) endWithNewline(bill, message.content);
    for (const call of message.toolCalls ?? []) {
      bill.fixed += callFrame;
      bill.texts.push(call.name, call.arguments);
    }
  }
}

function addContent(bill: Bill, content: readonly ContentPart[]): void {
  for (const part of content) {
    if (part.type === "text" || part.type === "refusal") bill.texts.push(part.text);
    else if (part.type === "image") bill.fixed += countImageTokens(readImageSize(part.url), part.detail);
  }
}

function endWithNewline(bill: Bill, content: readonly ContentPart[]): void {
  if (content.at(-1)?.type === "text") bill.texts.push(`${bill.texts.pop() ?? ""}\n`);
}

function addTools(bill: Bill, tools: readonly Tool[], toolChoice: ToolChoice): void {
  bill.fixed += toolsFrame;
  bill.texts.push(toToolNotation(tools));
  if (toolChoice.mode === "none") bill.fixed += noToolFrame;
  if (toolChoice.mode === "named") {
    bill.fixed += namedToolFrame;
    bill.texts.push(toolChoice.name);
  }
}

function sum(counts: readonly number[]): number {
  return counts.reduce((total, count) => total + count, 0);
}
