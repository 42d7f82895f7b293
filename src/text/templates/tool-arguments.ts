import type { Message, ToolCall } from "../../core/generation.ts";
import { stringifyInTurns } from "../../core/json-in-turns.ts";
import { JsonShape } from "../../core/json-shape.ts";
import { isRecord, type JsonRecord } from "../../core/json.ts";

/**
 * Reads the arguments of one conversation's calls, in their order: the object that a text is, undefined if it is
 * something else or too large. All together take a few milliseconds: beyond the bounds for one call or for all of them,
 * arguments stay the text that they are. Earlier calls come first, so that a conversation that goes on keeps its
 * beginning.
 */
export function createArgumentsReader(): (text: string) => JsonRecord | undefined {
  const left = { characters: most.characters, values: most.values };
  return (text) => {
    if (text.length > mostOfCall.characters || text.length > left.characters) return undefined;
    if (!/^\s*\{/.test(text)) return undefined;
    const shape = new JsonShape({
      maxDepth: mostOfCall.depth,
      maxValues: Math.min(mostOfCall.values, left.values),
    });
    left.characters -= text.length;
    if (shape.scan(encoder.encode(text)) !== undefined) return undefined;
    left.values -= shape.values;
    return parse(text);
  };
}

/** The messages, with the arguments of their calls as JSON: an object as it was written, anything else as a string. */
export async function withJsonArguments(messages: readonly Message[]): Promise<readonly Message[]> {
  if (!messages.some(({ toolCalls = [] }) => toolCalls.length > 0)) return messages;
  const read = createArgumentsReader();
  const written: Message[] = [];
  for (const message of messages) {
    const toolCalls: ToolCall[] = [];
    for (const call of message.toolCalls ?? [])
      toolCalls.push({ ...call, arguments: await toJson(call, read) });
    written.push(toolCalls.length === 0 ? message : { ...message, toolCalls });
  }
  return written;
}

const mostOfCall = { characters: 262_144, values: 20_000, depth: 64 };
const most = { characters: 4_194_304, values: 100_000 };

const encoder = new TextEncoder();

function parse(text: string): JsonRecord | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isRecord(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

async function toJson(
  { kind, arguments: text }: ToolCall,
  read: ReturnType<typeof createArgumentsReader>,
): Promise<string> {
  if (kind === "custom") return `{"input": ${await stringifyInTurns(text)}}`;
  // Parsing is the cheapest way to know that it is an object, and the value is not kept.
  if (read(text) !== undefined) return text.trim();
  return text.trim() === "" ? "{}" : await stringifyInTurns(text);
}
