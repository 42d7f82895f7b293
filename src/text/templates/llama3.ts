import type { Role } from "../../core/generation.ts";
import type { Form, WrittenTool } from "./form.ts";
import { joinTexts, textOf } from "./text.ts";
import { assistantText, callText, toolText } from "./tool-text.ts";
import { takeSystem } from "./turns.ts";

/**
 * Llama 3 and 3.x instruct models. A tool's result comes from `ipython`, texts are trimmed and tools stand in the
 * first turn of the user, as Meta's form has it.
 */
export const llama3: Form = {
  name: "llama3",
  stop: ["<|eot_id|>", "<|eom_id|>"],
  takesTools: true,
  toolCalls: "llama3-json",
  render({ messages, tools }) {
    const { system, rest } = takeSystem(messages);
    const offer = tools.length === 0 ? "" : offerOf(tools);
    const firstUser = offer === "" ? -1 : rest.findIndex(({ role }) => role === "user");
    const instructions = joinTexts(
      [offer === "" ? "" : "Environment: ipython", system, firstUser === -1 ? offer : ""],
      "\n\n",
    );
    const opening = instructions === "" ? "" : turn("system", instructions);
    const said = rest.map((message, index) => {
      const text =
        message.role === "assistant"
          ? assistantText(message, (call) => callText(call, "parameters"))
          : textOf(message);
      return turn(roles[message.role], index === firstUser ? `${offer}\n\n${text}` : text);
    });
    return `${opening}${said.join("")}${header("assistant")}`;
  },
};

const roles = {
  system: "system",
  developer: "system",
  user: "user",
  assistant: "assistant",
  tool: "ipython",
} as const satisfies Record<Role, string>;

function turn(role: string, text: string): string {
  return `${header(role)}${text.trim()}<|eot_id|>`;
}

function header(role: string): string {
  return `<|start_header_id|>${role}<|end_header_id|>\n\n`;
}

function offerOf(tools: readonly WrittenTool[]): string {
  return [
    "These functions can be called where they help. A call is the whole answer, as JSON and without variables:",
    '{"name": function name, "parameters": dictionary of argument name and its value}',
    ...tools.map(toolText),
  ].join("\n\n");
}
