import type { Message, ToolCall } from "../../core/generation.ts";
import type { Form, WrittenTool } from "./form.ts";
import { textOf } from "./text.ts";
import { toolText } from "./tool-text.ts";

/**
 * Mistral's instruct form, third version: `[INST] …[/INST] …</s>`. It has no system turn: such a text stands
 * before the user's, a blank line between. Tools stand before the user's last turn.
 */
export const mistral: Form = {
  name: "mistral",
  stop: ["</s>"],
  takesTools: true,
  toolCalls: "mistral",
  render({ messages, tools }) {
    const lastAsked = messages.findLastIndex(isAsked);
    let prompt = "";
    let instructions: string[] = [];
    for (const [index, message] of messages.entries()) {
      if (!isAsked(message)) {
        prompt += answer(message);
        continue;
      }
      instructions.push(textOf(message));
      const next = messages[index + 1];
      if (next !== undefined && isAsked(next)) continue;
      prompt += index === lastAsked ? offerOf(tools) : "";
      prompt += `[INST] ${instructions.join("\n\n")}[/INST]`;
      instructions = [];
    }
    return lastAsked === -1 ? offerOf(tools) + prompt : prompt;
  },
};

function isAsked({ role }: Message): boolean {
  return role !== "assistant" && role !== "tool";
}

function offerOf(tools: readonly WrittenTool[]): string {
  return tools.length === 0 ? "" : `[AVAILABLE_TOOLS] [${tools.map(toolText).join(", ")}][/AVAILABLE_TOOLS]`;
}

function answer(message: Message): string {
  const text = textOf(message);
  if (message.role === "tool") {
    const id = JSON.stringify(shortId(message.toolCallId ?? ""));
    return `[TOOL_RESULTS] {"content": ${JSON.stringify(text)}, "call_id": ${id}}[/TOOL_RESULTS]`;
  }
  const calls = message.toolCalls ?? [];
  if (calls.length === 0) return ` ${text}</s>`;
  return `${text === "" ? "" : ` ${text}`}[TOOL_CALLS] [${calls.map(callText).join(", ")}]</s>`;
}

function callText(call: ToolCall): string {
  return `{"name": ${JSON.stringify(call.name)}, "arguments": ${call.arguments}, "id": "${shortId(call.id)}"}`;
}

/** Ids of this form are nine letters and digits. */
function shortId(id: string): string {
  return id
    .replaceAll(/[^a-zA-Z0-9]/g, "")
    .slice(-9)
    .padStart(9, "0");
}
