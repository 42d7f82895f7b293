import type { Message } from "../../core/generation.ts";
import type { Template } from "./template.ts";
import { textOf, toolCallText } from "./text.ts";

/**
 * Mistral's instruct form, third version: `[INST] …[/INST] …</s>`. It has no system turn: such a text stands
 * before the user's, a blank line between.
 */
export const mistral: Template = {
  stop: ["</s>"],
  render(messages) {
    let prompt = "";
    let instructions: string[] = [];
    for (const message of messages) {
      if (message.role === "system" || message.role === "developer" || message.role === "user") {
        instructions.push(textOf(message));
        continue;
      }
      prompt += instruction(instructions) + answer(message);
      instructions = [];
    }
    return prompt + instruction(instructions);
  },
};

function instruction(texts: readonly string[]): string {
  return texts.length === 0 ? "" : `[INST] ${texts.join("\n\n")}[/INST]`;
}

function answer(message: Message): string {
  if (message.role === "tool") {
    return `[TOOL_RESULTS] ${JSON.stringify({ content: textOf(message) })}[/TOOL_RESULTS]`;
  }
  const calls = message.toolCalls ?? [];
  if (calls.length === 0) return ` ${textOf(message)}</s>`;
  const text = textOf(message);
  const list = calls.map((call) => toolCallText(call, "arguments")).join(", ");
  return `${text === "" ? "" : ` ${text}`}[TOOL_CALLS] [${list}]</s>`;
}
