import type { ContentPart, GenerationRequest, Message, Role, Tool, ToolChoice } from "../core/generation.ts";
import type { TokenCounter, TokenCounts } from "./counter.ts";
import type { Encoding } from "./encoding.ts";
import { countImageTokens, imageHeaderCharacters, readImageSize } from "./image-tokens.ts";
import { maxCharacters } from "./limits.ts";
import { toToolNotation } from "./tool-notation.ts";
import { nextTurn } from "./turn.ts";

export interface PromptTokens {
  tokens: number;
  /** False when at least one text, or the tools, were estimated. */
  isExact: boolean;
}

/**
 * Tokens that a prompt costs by OpenAI's rules: the texts and a few for the frame of
 * the answer, of each message, each call in the history, and of the tools. A plain text costs its own tokens, a
 * token prompt its length. Audio and files are not counted. Never rejects; estimates where `counter` does, and
 * tools that are longer than what is encoded, by what was read of them. Whatever the prompt's size, other work on
 * this thread gets its turn.
 */
export async function countPrompt(
  counter: TokenCounter,
  encoding: Encoding,
  { prompt, tools, toolChoice }: Pick<GenerationRequest, "prompt" | "tools" | "toolChoice">,
): Promise<PromptTokens> {
  if (prompt.kind === "tokens") return { tokens: prompt.tokens.length, isExact: true };
  const bill: Bill = { fixed: 0, texts: [], isExact: true };
  if (prompt.kind === "text") {
    bill.texts.push(prompt.text);
    return total(bill, await counter.count(encoding, bill.texts), none);
  }
  bill.fixed = answerFrame;
  const roles = await addMessages(bill, prompt.messages, tools.length > 0);
  if (tools.length > 0) addTools(bill, tools, toolChoice);
  for (const role of roles.keys()) bill.texts.push(role);
  return total(bill, await counter.count(encoding, bill.texts), [...roles.values()]);
}

interface Bill {
  /** Tokens known without counting. */
  fixed: number;
  texts: string[];
  /** False when `fixed` holds an estimate. */
  isExact: boolean;
}

const none: readonly number[] = [];

/** The last texts are the names of roles, which cost as often as `roleCounts` says. */
function total(bill: Bill, { counts, isExact }: TokenCounts, roleCounts: readonly number[]): PromptTokens {
  const firstRole = counts.length - roleCounts.length;
  let tokens = bill.fixed;
  for (let index = 0; index < firstRole; index++) tokens += counts[index] ?? 0;
  for (const [index, times] of roleCounts.entries()) tokens += times * (counts[firstRole + index] ?? 0);
  return { tokens, isExact: isExact && bill.isExact };
}

/** Of the answer that a prompt of messages ends with. */
export const answerFrame = 3;
const messageFrame = 3;
const nameFrame = 1;
const callFrame = 3;
const toolsFrame = 9;
/** The tools stand in the first system message, which saves them a message of their own. */
const toolsInSystemMessage = -4;
const noToolFrame = 1;
const namedToolFrame = 4;

/** Parts that are looked at before other work gets its turn, about a millisecond. An image is as many as it costs. */
const partsPerTurn = 8_192;
const imageParts = 32;
const charactersPerPart = 256;

/** How many messages have each role: the few names of roles are counted once. */
async function addMessages(
  bill: Bill,
  messages: readonly Message[],
  hasTools: boolean,
): Promise<Map<Role, number>> {
  const roles = new Map<Role, number>();
  const host = hasTools ? messages.find(({ role }) => role === "system" || role === "developer") : undefined;
  if (host !== undefined) bill.fixed += toolsInSystemMessage;
  let partsLeft = partsPerTurn;
  const takeTurn = async () => {
    await nextTurn();
    partsLeft = partsPerTurn;
  };
  for (const message of messages) {
    roles.set(message.role, (roles.get(message.role) ?? 0) + 1);
    addFrame(bill, message);
    if (--partsLeft < 0) await takeTurn();
    for (const part of message.content) {
      partsLeft -= addPart(bill, part);
      if (partsLeft < 0) await takeTurn();
    }
    if (message === host) endWithNewline(bill, message.content);
    for (const call of message.toolCalls ?? []) {
      bill.fixed += callFrame;
      bill.texts.push(call.name, call.arguments);
      if (--partsLeft < 0) await takeTurn();
    }
  }
  return roles;
}

function addFrame(bill: Bill, { name }: Message): void {
  bill.fixed += messageFrame;
  if (name === undefined) return;
  bill.fixed += nameFrame;
  bill.texts.push(name);
}

/** As how many parts it counts. */
function addPart(bill: Bill, part: ContentPart): number {
  if (part.type === "text" || part.type === "refusal") bill.texts.push(part.text);
  if (part.type !== "image") return 1;
  bill.fixed += countImageTokens(readImageSize(part.url), part.detail);
  return imageParts + Math.min(part.url.length, imageHeaderCharacters) / charactersPerPart;
}

/** Not a text that is too long to be encoded: to put it together would take long, and its count is an estimate. */
function endWithNewline(bill: Bill, content: readonly ContentPart[]): void {
  const last = content.at(-1);
  if (last?.type !== "text" || last.text.length >= maxCharacters) return;
  bill.texts[bill.texts.length - 1] = `${last.text}\n`;
}

function addTools(bill: Bill, tools: readonly Tool[], toolChoice: ToolChoice): void {
  bill.fixed += toolsFrame;
  const notation = toToolNotation(tools, maxCharacters);
  if (notation.isWhole) {
    bill.texts.push(notation.text);
  } else {
    bill.fixed += Math.ceil(Math.max(notation.text.length, maxCharacters) / 4);
    bill.isExact = false;
  }
  if (toolChoice.mode === "none") bill.fixed += noToolFrame;
  if (toolChoice.mode === "named") {
    bill.fixed += namedToolFrame;
    bill.texts.push(toolChoice.name);
  }
}
