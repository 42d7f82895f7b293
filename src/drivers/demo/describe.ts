import type { GenerationRequest, Message, Role, Sampling } from "../../core/generation.ts";
import { toExcerpt, toPlainText } from "./excerpt.ts";
import { hints } from "./hints.ts";

/** A Markdown answer that tells a newcomer what arrived and what to try next. */
export function describeAsMarkdown(request: GenerationRequest, messages: readonly Message[]): string {
  const question = lastUserText(messages);
  return [
    "**This is the demo model of oai-serve, not a real model.** It describes what it received, so that you can see that your client works.",
    `You sent ${countMessages(messages)}.${question === "" ? "" : " Your last text:"}`,
    question === "" ? undefined : `> ${toExcerpt(question)}`,
    describeSettings(request),
    hints,
  ]
    .filter((paragraph) => paragraph !== undefined)
    .join("\n\n");
}

/** The same facts as a JSON object. */
export function describeAsJson(request: GenerationRequest, messages: readonly Message[]): object {
  return {
    model: "demo",
    note: "This is the demo model of oai-serve, not a real model.",
    messages: messages.length,
    roles: Object.fromEntries(countRoles(messages)),
    question: toExcerpt(lastUserText(messages)),
    parameters: Object.fromEntries(listParameters(request.sampling)),
  };
}

/** What the tools answered, if their answers end the conversation. */
export function describeToolResults(messages: readonly Message[]): string | undefined {
  const start = messages.findLastIndex(({ role }) => role !== "tool") + 1;
  const results = messages.slice(start);
  if (results.length === 0) return undefined;
  const shown = results.slice(0, maxListed).map((result) => {
    const name = toolName(messages, result);
    const speaker = name === undefined ? "The tool" : `The tool \`${name}\``;
    return `${speaker} answered: ${toExcerpt(toPlainText(result))}`;
  });
  const closing = "(This is the demo model of oai-serve; a real model would answer with the help of this.)";
  return [...shown, closing].join("\n\n");
}

const maxListed = 8;

function toolName(messages: readonly Message[], result: Message): string | undefined {
  for (let index = messages.length - 1; index >= 0; index--) {
    const call = messages[index]?.toolCalls?.findLast(({ id }) => id === result.toolCallId);
    if (call !== undefined) return call.name;
  }
  return undefined;
}

function lastUserText(messages: readonly Message[]): string {
  const message = messages.findLast(({ role }) => role === "user");
  return message === undefined ? "" : toPlainText(message);
}

function countRoles(messages: readonly Message[]): ReadonlyMap<Role, number> {
  const counts = new Map<Role, number>();
  for (const { role } of messages) counts.set(role, (counts.get(role) ?? 0) + 1);
  return counts;
}

function countMessages(messages: readonly Message[]): string {
  const roles = [...countRoles(messages)].map(([role, count]) => `${count} ${role}`).join(", ");
  return `${messages.length} ${messages.length === 1 ? "message" : "messages"} (${roles})`;
}

function describeSettings({ sampling, tools, extra, reasoning }: GenerationRequest): string {
  const parameters = listParameters(sampling).map(([name, value]) => `${name} ${value}`);
  // By number: a stop text in the answer would end it here.
  if (sampling.stop !== undefined) parameters.push(`stop texts (${sampling.stop.length})`);
  if (sampling.logitBias !== undefined)
    parameters.push(`logit bias (${Object.keys(sampling.logitBias).length})`);
  if (reasoning !== undefined) parameters.push(`reasoning effort ${toExcerpt(reasoning.effort)}`);
  return [
    `- Parameters: ${parameters.length === 0 ? "none" : parameters.join(", ")}`,
    `- Tools: ${listNames(tools.map(({ name }) => name))}`,
    `- Other fields: ${listNames(Object.keys(extra))}`,
  ].join("\n");
}

function listNames(names: readonly string[]): string {
  if (names.length === 0) return "none";
  const shown = names.slice(0, maxListed).map((name) => `\`${toExcerpt(name)}\``);
  if (names.length > maxListed) shown.push(`and ${names.length - maxListed} more`);
  return shown.join(", ");
}

function listParameters(sampling: Sampling): readonly (readonly [name: string, value: number])[] {
  return Object.entries(sampling)
    .filter((entry): entry is [string, number] => typeof entry[1] === "number")
    .map(([name, value]) => [name.replaceAll(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`), value]);
}
