import type { Message, Role } from "../../core/generation.ts";
import type { Form } from "./form.ts";
import { textOf } from "./text.ts";
import { assistantText, hermesCall } from "./tool-text.ts";

/** `System: …`, `User: …`, `Assistant: …`, a blank line between, then `Assistant:`. For models without a form of their own. */
export const plain: Form = {
  name: "plain",
  stop: [],
  takesTools: false,
  render: ({ messages }) => [...messages.map(turn), "Assistant:"].join("\n\n"),
};

const labels = {
  system: "System",
  developer: "System",
  user: "User",
  assistant: "Assistant",
  tool: "Tool",
} as const satisfies Record<Role, string>;

function turn(message: Message): string {
  const text = message.role === "assistant" ? assistantText(message, hermesCall) : textOf(message);
  return `${labels[message.role]}: ${text}`;
}
