import type { Message } from "../../core/generation.ts";
import { joinTexts, textOf } from "./text.ts";

/** What instructs the model before the conversation begins, and the conversation. */
export interface Opening {
  /** Empty if there is none. */
  system: string;
  rest: readonly Message[];
}

/** Takes the system and developer messages from the beginning and makes one text of them. */
export function takeSystem(messages: readonly Message[]): Opening {
  const start = messages.findIndex((message) => !isInstruction(message));
  const end = start === -1 ? messages.length : start;
  return { system: joinTexts(messages.slice(0, end).map(textOf), "\n\n"), rest: messages.slice(end) };
}

/** Whether an operator or a developer speaks. */
export function isInstruction({ role }: Message): boolean {
  return role === "system" || role === "developer";
}

/** One side's messages until the other side speaks. */
export interface Turn {
  isAnswer: boolean;
  messages: readonly Message[];
}

/** For forms in which the assistant and everybody else take turns. */
export function takeTurns(messages: readonly Message[]): readonly Turn[] {
  return groupWhile(messages, (one, next) => isAnswer(one) === isAnswer(next)).map((group) => ({
    isAnswer: group.some(isAnswer),
    messages: group,
  }));
}

/** Tool results that follow each other make one group, every other message a group of its own. */
export function groupResults(messages: readonly Message[]): readonly (readonly Message[])[] {
  return groupWhile(messages, (one, next) => one.role === "tool" && next.role === "tool");
}

function groupWhile(
  messages: readonly Message[],
  belongTogether: (one: Message, next: Message) => boolean,
): readonly (readonly Message[])[] {
  const groups: Message[][] = [];
  let last: Message | undefined;
  for (const message of messages) {
    if (last !== undefined && belongTogether(last, message)) groups.at(-1)?.push(message);
    else groups.push([message]);
    last = message;
  }
  return groups;
}

function isAnswer({ role }: Message): boolean {
  return role === "assistant";
}
