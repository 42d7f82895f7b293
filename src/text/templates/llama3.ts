import type { Message, Role } from "../../core/generation.ts";
import type { Template } from "./template.ts";
import { assistantText, textOf, toolCallText } from "./text.ts";

/** Llama 3 and 3.x instruct models. A tool's result comes from `ipython`, and texts are trimmed, as Meta's form has it. */
export const llama3: Template = {
  stop: ["<|eot_id|>", "<|eom_id|>"],
  render: (messages) => `${messages.map(turn).join("")}${header("assistant")}`,
};

const roles = {
  system: "system",
  developer: "system",
  user: "user",
  assistant: "assistant",
  tool: "ipython",
} as const satisfies Record<Role, string>;

function turn(message: Message): string {
  const text =
    message.role === "assistant"
      ? assistantText(message, (call) => toolCallText(call, "parameters"))
      : textOf(message);
  return `${header(roles[message.role])}${text.trim()}<|eot_id|>`;
}

function header(role: string): string {
  return `<|start_header_id|>${role}<|end_header_id|>\n\n`;
}
