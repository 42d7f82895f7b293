import type { Message, Role } from "../../core/generation.ts";
import type { Form } from "./form.ts";
import { textOf } from "./text.ts";
import { assistantText, callText, hermesCall, hermesResult } from "./tool-text.ts";
import { takeSystem } from "./turns.ts";

/** Phi-4-mini and Phi-4-multimodal: tools stand in the system turn, between marks of their own. */
export const phi: Form = {
  name: "phi",
  stop: ["<|end|>"],
  takesTools: true,
  toolCalls: "phi",
  render({ messages, tools }) {
    const { system, rest } = takeSystem(messages);
    const offer =
      tools.length === 0 ? "" : `<|tool|>[${tools.map(({ definition }) => definition).join(", ")}]<|/tool|>`;
    const opening = system + offer === "" ? "" : `<|system|>${system}${offer}<|end|>`;
    return `${opening}${rest.map(phiTurn).join("")}<|assistant|>`;
  },
};

function phiTurn(message: Message): string {
  const calls = message.toolCalls ?? [];
  const list = calls.length === 0 ? "" : calls.map((call) => callText(call, "arguments")).join(", ");
  const text = list === "" ? textOf(message) : `${textOf(message)}<|tool_call|>[${list}]<|/tool_call|>`;
  return `<|${roles[message.role]}|>${text}<|end|>`;
}

const roles = {
  system: "system",
  developer: "system",
  user: "user",
  assistant: "assistant",
  tool: "tool_response",
} as const satisfies Record<Role, string>;

/** Phi-3 and Phi-3.5, which know no tools. */
export const phi3: Form = {
  name: "phi3",
  stop: ["<|end|>"],
  takesTools: false,
  render: ({ messages }) =>
    `${messages.map((message) => `<|${noToolRoles[message.role]}|>\n${noToolText(message)}<|end|>\n`).join("")}<|assistant|>\n`,
};

/** Phi-4 with 14 billion parameters, which knows no tools. */
export const phi4: Form = {
  name: "phi4",
  stop: ["<|im_end|>"],
  takesTools: false,
  reasoning: "think",
  render: ({ messages }) =>
    `${messages.map((message) => `<|im_start|>${noToolRoles[message.role]}<|im_sep|>${noToolText(message)}<|im_end|>`).join("")}<|im_start|>assistant<|im_sep|>`,
};

const noToolRoles = { ...roles, tool: "user" } as const satisfies Record<Role, string>;

function noToolText(message: Message): string {
  if (message.role === "tool") return hermesResult(message);
  return message.role === "assistant" ? assistantText(message, hermesCall) : textOf(message);
}
