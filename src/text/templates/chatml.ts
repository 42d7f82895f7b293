import type { Message, ToolCall } from "../../core/generation.ts";
import type { Template } from "./template.ts";
import { assistantText, textOf, toolCallText } from "./text.ts";

/** ChatML, as Qwen and Hermes models take it; tools in the Hermes form, `<tool_call>` and `<tool_response>`. */
export const chatml: Template = {
  stop: ["<|im_end|>"],
  render: (messages) => `${messages.map(turn).join("")}<|im_start|>assistant\n`,
};

function turn(message: Message): string {
  switch (message.role) {
    case "system":
    case "developer":
      return block("system", textOf(message));
    case "user":
      return block("user", textOf(message));
    case "assistant":
      return block("assistant", assistantText(message, callText));
    case "tool":
      return block("tool", `<tool_response>\n${textOf(message)}\n</tool_response>`);
  }
}

function block(role: string, text: string): string {
  return `<|im_start|>${role}\n${text}<|im_end|>\n`;
}

function callText(call: ToolCall): string {
  return `<tool_call>\n${toolCallText(call, "arguments")}\n</tool_call>`;
}
