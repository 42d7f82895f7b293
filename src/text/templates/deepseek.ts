import type { Message, ToolCall } from "../../core/generation.ts";
import type { Form, WrittenConversation, WrittenTool } from "./form.ts";
import { joinTexts, textOf, withoutThinking } from "./text.ts";
import { assistantText, hermesCall, hermesResult } from "./tool-text.ts";
import { groupResults, takeSystem } from "./turns.ts";

const endOfSentence = "<｜end▁of▁sentence｜>";

/**
 * DeepSeek V3. `thinking: true` opens the thinking of a model that can do both (V3.1 and later), `false` closes it
 * unused; V3 itself needs neither.
 */
export const deepseek: Form = {
  name: "deepseek",
  stop: [endOfSentence],
  takesTools: true,
  toolCalls: "deepseek",
  reasoning: "think",
  variables: ["thinking"],
  render(conversation) {
    const { thinking } = conversation.variables;
    return renderDeepseek(conversation, thinking === true ? "<think>" : thinking === false ? "</think>" : "");
  },
};

/** DeepSeek R1 and the models distilled from it: the answer begins with thoughts. */
export const deepseekR1: Form = {
  ...deepseek,
  name: "deepseek-r1",
  variables: [],
  render: (conversation) => renderDeepseek(conversation, "<think>\n"),
};

/** DeepSeek V2 and the earlier chat models, which know no tools. */
export const deepseekV2: Form = {
  name: "deepseek-v2",
  stop: [endOfSentence],
  takesTools: false,
  render: ({ messages }) => {
    const { system, rest } = takeSystem(messages);
    return `${system === "" ? "" : `${system}\n\n`}${rest.map(turnV2).join("")}Assistant:`;
  },
};

function turnV2(message: Message): string {
  if (message.role === "assistant") return `Assistant: ${assistantText(message, hermesCall)}${endOfSentence}`;
  if (message.role === "user") return `User: ${textOf(message)}\n\n`;
  return `${message.role === "tool" ? `User: ${hermesResult(message)}` : textOf(message)}\n\n`;
}

/** `opening` is what the assistant's turn begins with; after the results of tools the turn goes on. */
function renderDeepseek({ messages, tools }: WrittenConversation, opening: string): string {
  const { system, rest } = takeSystem(messages);
  const groups = groupResults(rest);
  let prompt = joinTexts([system, tools.length === 0 ? "" : offerOf(tools)], "\n\n");
  let isOpen = false;
  for (const group of groups) {
    const [message] = group;
    if (message === undefined) continue;
    if (message.role === "assistant") {
      prompt += `${isOpen ? "" : "<｜Assistant｜>"}${withoutThinking(textOf(message))}${callsText(message)}${endOfSentence}`;
    } else if (message.role === "tool") prompt += resultsText(group);
    else prompt += message.role === "user" ? `<｜User｜>${textOf(message)}` : textOf(message);
    isOpen = message.role === "tool";
  }
  return isOpen ? prompt : `${prompt}<｜Assistant｜>${opening}`;
}

function callsText({ toolCalls = [] }: Message): string {
  if (toolCalls.length === 0) return "";
  return `<｜tool▁calls▁begin｜>${toolCalls.map(callText).join("\n")}<｜tool▁calls▁end｜>`;
}

function callText(call: ToolCall): string {
  return `<｜tool▁call▁begin｜>function<｜tool▁sep｜>${call.name}\n\`\`\`json\n${call.arguments}\n\`\`\`<｜tool▁call▁end｜>`;
}

function resultsText(messages: readonly Message[]): string {
  const results = messages.map((message) => `<｜tool▁output▁begin｜>${textOf(message)}<｜tool▁output▁end｜>`);
  return `<｜tool▁outputs▁begin｜>${results.join("\n")}<｜tool▁outputs▁end｜>`;
}

function offerOf(tools: readonly WrittenTool[]): string {
  const described = tools.map(
    ({ name, description, parameters }) =>
      `### ${name}\nDescription: ${description}\n\nParameters: ${parameters}`,
  );
  return [
    "## Tools\nThese tools can be called:",
    ...described,
    "Write calls in exactly this form, the arguments as JSON that fits the parameters:\n" +
      "<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>function<｜tool▁sep｜>name of the tool\n```json\n{arguments}\n```" +
      "<｜tool▁call▁end｜><｜tool▁calls▁end｜>",
  ].join("\n\n");
}
