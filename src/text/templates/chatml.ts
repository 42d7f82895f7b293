import type { Message } from "../../core/generation.ts";
import type { Form, WrittenConversation, WrittenTool } from "./form.ts";
import { joinTexts, textOf } from "./text.ts";
import { assistantText, hermesCall, hermesResult, toolText } from "./tool-text.ts";
import { groupResults, isInstruction, takeSystem } from "./turns.ts";

/** ChatML, with tools in the Hermes form: what most models are tuned to that have no form of their own. */
export const chatml: Form = {
  name: "chatml",
  stop: ["<|im_end|>"],
  takesTools: true,
  toolCalls: "hermes",
  render: (conversation) => renderChatml(conversation, { resultRole: "tool" }),
};

export interface ChatmlForm {
  /** Whose turn the results of tools are. */
  resultRole: "tool" | "user";
  /** What an answer of the past shows of its text. */
  recall?: (text: string) => string;
}

/** All up to and with the header of the assistant's turn. */
export function renderChatml({ messages, tools }: WrittenConversation, form: ChatmlForm): string {
  const { system, rest } = takeSystem(messages);
  const instructions = joinTexts([system, tools.length === 0 ? "" : toolInstructions(tools)], "\n\n");
  const opening = instructions === "" ? "" : block("system", instructions);
  return `${opening}${groupResults(rest)
    .map((group) => turn(group, form))
    .join("")}<|im_start|>assistant\n`;
}

function turn(group: readonly Message[], { resultRole, recall = (text) => text }: ChatmlForm): string {
  const [message] = group;
  if (message === undefined) return "";
  if (message.role === "tool") return block(resultRole, group.map(hermesResult).join("\n"));
  if (message.role === "assistant") return block("assistant", recall(assistantText(message, hermesCall)));
  return block(isInstruction(message) ? "system" : "user", textOf(message));
}

function block(role: string, text: string): string {
  return `<|im_start|>${role}\n${text}<|im_end|>\n`;
}

function toolInstructions(tools: readonly WrittenTool[]): string {
  return [
    "# Tools",
    "",
    "These functions are at your disposal, each given as JSON inside <tools></tools>:",
    "<tools>",
    ...tools.map(toolText),
    "</tools>",
    "",
    "Call a function by writing its name and its arguments as JSON inside <tool_call></tool_call>, once for each call:",
    "<tool_call>",
    '{"name": <function-name>, "arguments": <args-json-object>}',
    "</tool_call>",
  ].join("\n");
}
