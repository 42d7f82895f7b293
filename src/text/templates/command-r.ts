import type { Message, ToolCall } from "../../core/generation.ts";
import type { Form, WrittenTool } from "./form.ts";
import { joinTexts, textOf } from "./text.ts";
import { groupResults, isInstruction, takeSystem } from "./turns.ts";

/** Cohere's Command R, R7B and A, and Aya. Calls are numbered through the conversation, results name the number. */
export const commandR: Form = {
  name: "command-r",
  stop: ["<|END_OF_TURN_TOKEN|>"],
  takesTools: true,
  toolCalls: "command-r",
  reasoning: "command-r",
  render({ messages, tools }) {
    const { system, rest } = takeSystem(messages);
    const instructions = joinTexts([system, tools.length === 0 ? "" : offerOf(tools)], "\n\n");
    const opening = instructions === "" ? "" : turn("SYSTEM", instructions);
    const numbers = numberCalls(messages);
    const said = groupResults(rest).map((group) => turnOf(group, numbers));
    return `${opening}${said.join("")}<|START_OF_TURN_TOKEN|><|CHATBOT_TOKEN|>`;
  },
};

function numberCalls(messages: readonly Message[]): ReadonlyMap<string, string> {
  const calls = messages.flatMap(({ toolCalls = [] }) => toolCalls);
  return new Map(calls.map(({ id }, index) => [id, String(index)]));
}

function turnOf(group: readonly Message[], numbers: ReadonlyMap<string, string>): string {
  const [message] = group;
  if (message === undefined) return "";
  if (message.role === "tool") return turn("SYSTEM", resultsText(group, numbers));
  if (message.role !== "assistant") return turn(isInstruction(message) ? "SYSTEM" : "USER", textOf(message));
  const calls = message.toolCalls ?? [];
  if (calls.length === 0) return turn("CHATBOT", textOf(message));
  const list = calls.map((call) => callText(call, numbers)).join(",\n    ");
  return turn("CHATBOT", `${textOf(message)}<|START_ACTION|>[\n    ${list}\n]<|END_ACTION|>`);
}

function turn(speaker: "SYSTEM" | "USER" | "CHATBOT", text: string): string {
  return `<|START_OF_TURN_TOKEN|><|${speaker}_TOKEN|>${text}<|END_OF_TURN_TOKEN|>`;
}

function callText(call: ToolCall, numbers: ReadonlyMap<string, string>): string {
  const [id, name] = [JSON.stringify(numbers.get(call.id) ?? ""), JSON.stringify(call.name)];
  return `{"tool_call_id": ${id}, "tool_name": ${name}, "parameters": ${call.arguments}}`;
}

function resultsText(messages: readonly Message[], numbers: ReadonlyMap<string, string>): string {
  const results = messages.map((message) => {
    const id = JSON.stringify(numbers.get(message.toolCallId ?? "") ?? "");
    const content = JSON.stringify(textOf(message));
    return `{"tool_call_id": ${id}, "results": {"0": {"content": ${content}}}, "is_error": null}`;
  });
  return `<|START_TOOL_RESULT|>[\n    ${results.join(",\n    ")}\n]<|END_TOOL_RESULT|>`;
}

function offerOf(tools: readonly WrittenTool[]): string {
  return [
    "Tools can be called: write <|START_ACTION|>, a JSON list of calls, each with its tool_call_id, tool_name and parameters, and <|END_ACTION|>.",
    `## Available Tools\n\`\`\`json\n[\n    ${tools.map(({ definition }) => definition).join(",\n    ")}\n]\n\`\`\``,
  ].join("\n\n");
}
