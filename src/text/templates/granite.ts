import type { Message, Role } from "../../core/generation.ts";
import { isRecord } from "../../core/json.ts";
import type { Form } from "./form.ts";
import { joinTexts, textOf, withoutThinking } from "./text.ts";
import { callText, toolText } from "./tool-text.ts";
import { takeSystem } from "./turns.ts";

/**
 * Granite 3: every turn has a role of its own, tools, their results and `documents` too.
 * `thinking: true` asks for thoughts before the answer.
 */
export const granite: Form = {
  name: "granite",
  stop: ["<|end_of_text|>"],
  takesTools: true,
  toolCalls: "granite",
  reasoning: "granite",
  variables: ["thinking", "documents"],
  render({ messages, tools, variables }) {
    const { system, rest } = takeSystem(messages);
    const instructions = joinTexts([system, variables["thinking"] === true ? thinkingWish : ""], "\n");
    return [
      instructions === "" ? "" : turn("system", instructions),
      tools.length === 0 ? "" : turn("available_tools", `[${tools.map(toolText).join(", ")}]`),
      ...documentTurns(variables["documents"]),
      ...rest.map((message) => turn(roles[message.role], said(message))),
      "<|start_of_role|>assistant<|end_of_role|>",
    ].join("");
  },
};

const thinkingWish =
  "Think first: write your thoughts between <think></think>, then your answer between <response></response>.";

const roles = {
  system: "system",
  developer: "system",
  user: "user",
  assistant: "assistant",
  tool: "tool_response",
} as const satisfies Record<Role, string>;

function said(message: Message): string {
  const text = message.role === "assistant" ? withoutThinking(textOf(message)) : textOf(message);
  const calls = message.toolCalls ?? [];
  if (calls.length === 0) return text;
  return `${text}<|tool_call|>[${calls.map((call) => callText(call, "arguments")).join(", ")}]`;
}

function turn(role: string, text: string): string {
  return `<|start_of_role|>${role}<|end_of_role|>${text}<|end_of_text|>\n`;
}

/** Documents are `{ "doc_id", "title", "text" }`, as Hugging Face's templates take them; what has no text is left out. */
function documentTurns(documents: unknown): string[] {
  if (!Array.isArray(documents)) return [];
  return documents.flatMap((document: unknown, index) => {
    if (!isRecord(document) || typeof document["text"] !== "string") return [];
    const { doc_id: id = index + 1, title } = document;
    const head = typeof title === "string" ? `${title}\n` : "";
    return [turn(`document {"document_id": ${JSON.stringify(String(id))}}`, `\n${head}${document["text"]}`)];
  });
}
