import type { Message } from "../../../core/generation.ts";
import { isSystem } from "../../../core/keep-newest.ts";
import { isSameMessage } from "./same-message.ts";

/**
 * The transcript after a request. One with a message of the assistant is the whole history. One without goes on where
 * `stored` ends; system messages at its beginning take the place of those at the beginning of `stored`.
 */
export function mergeHistory(stored: readonly Message[], given: readonly Message[]): readonly Message[] {
  if (stored.length === 0 || given.some(({ role }) => role === "assistant")) return given;
  const system = leadingSystem(given);
  const added = given.slice(system.length).map((message) => withCallId(message, stored));
  if (system.length === 0) return [...stored, ...added];
  return [...system, ...stored.slice(leadingSystem(stored).length), ...added];
}

/** What is to be answered: the transcript without stored calls that nobody has answered. */
export function historyToAnswer(stored: readonly Message[], given: readonly Message[]): readonly Message[] {
  const whole = mergeHistory(stored, given);
  if (whole === given) return given;
  const added = given.length - leadingSystem(given).length;
  return withoutOpenCalls(whole, whole.length - added);
}

/** How many messages two transcripts have in common, from the first. */
export function countCommon(stored: readonly Message[], next: readonly Message[]): number {
  const end = stored.findIndex((message, index) => {
    const other = next[index];
    return other === undefined || !isSameMessage(message, other);
  });
  return end === -1 ? stored.length : end;
}

/**
 * `messages` without the calls among its first `count` that nothing answers, as when a user went on without running a
 * tool: models do not take them.
 */
export function withoutOpenCalls(messages: readonly Message[], count: number): readonly Message[] {
  const answered = new Set(messages.map(({ toolCallId }) => toolCallId));
  if (messages.slice(0, count).every((message) => areAnswered(message, answered))) return messages;
  return messages.flatMap((message, index) => {
    if (index >= count || areAnswered(message, answered)) return [message];
    const { toolCalls = [], ...rest } = message;
    const left = toolCalls.filter(({ id }) => answered.has(id));
    if (left.length > 0) return [{ ...rest, toolCalls: left }];
    return rest.content.length > 0 ? [rest] : [];
  });
}

function areAnswered({ toolCalls = [] }: Message, answered: ReadonlySet<string | undefined>): boolean {
  return toolCalls.every(({ id }) => answered.has(id));
}

function leadingSystem(messages: readonly Message[]): readonly Message[] {
  const end = messages.findIndex((message) => !isSystem(message));
  return end === -1 ? messages : messages.slice(0, end);
}

/** The older form of a tool's result names the function only: it answers the last call of that name. */
function withCallId(message: Message, stored: readonly Message[]): Message {
  const { name, toolCallId } = message;
  if (message.role !== "tool" || name === undefined || toolCallId !== name) return message;
  const calls = stored.findLast(({ toolCalls = [] }) => toolCalls.length > 0)?.toolCalls ?? [];
  if (calls.some(({ id }) => id === toolCallId)) return message;
  const call = calls.find((each) => each.name === name);
  return call === undefined ? message : { ...message, toolCallId: call.id };
}
