import type { Message, Tool } from "../../../src/core/generation.ts";
import type { Conversation } from "../../../src/text/templates/template.ts";

export function said(role: Message["role"], ...texts: string[]): Message {
  return { role, content: texts.map((text) => ({ type: "text", text })) };
}

export function conversation(messages: readonly Message[], more: Partial<Conversation> = {}): Conversation {
  return { messages, tools: [], toolChoice: { mode: "auto" }, variables: {}, ...more };
}

export const tools: readonly Tool[] = [
  {
    kind: "function",
    name: "weather",
    description: 'Tells the "weather".',
    parameters: {
      type: "object",
      properties: { city: { type: "string" }, days: { type: "integer", enum: [] } },
      required: ["city"],
    },
  },
  { kind: "function", name: "clock" },
  { kind: "custom", name: "shell", description: "Runs a command." },
];

/** Two questions. */
export const simple = conversation([
  said("system", "Be brief."),
  said("user", "Hi"),
  said("assistant", "Hello!"),
  said("user", "What is ", "1+1?"),
]);

/** All roles, all kinds of parts, calls of all kinds and their results. */
export const everything = conversation(
  [
    said("system", "Be brief."),
    said("developer", "Use tools."),
    {
      role: "user",
      content: [
        { type: "text", text: "Weather " },
        { type: "image", url: "data:image/png;base64,AAAA" },
        { type: "text", text: "here?" },
      ],
    },
    {
      ...said("assistant", "<think>\nWhere is it?\n</think>\n\nI shall look."),
      toolCalls: [
        { id: "call_1", kind: "function", name: "weather", arguments: '{"city": "Tromsø"}' },
        { id: "call_2", kind: "function", name: "clock", arguments: "" },
      ],
    },
    { ...said("tool", "snow"), toolCallId: "call_1" },
    { ...said("tool", "12:00"), toolCallId: "call_2" },
    said("assistant", "It snows."),
    said("system", "Speak French."),
    said("user", "And"),
    said("user", "now?"),
    {
      ...said("assistant"),
      toolCalls: [
        { id: "call_3", kind: "custom", name: "shell", arguments: 'echo "hi"' },
        { id: "call_4", kind: "function", name: "clock", arguments: "not json" },
      ],
    },
    { ...said("tool", "hi"), toolCallId: "call_3" },
    { role: "assistant", content: [{ type: "refusal", text: "I cannot." }] },
    said("user", "Why?"),
  ],
  { tools },
);

/** The model is to answer a tool's result. */
export const afterResult = conversation(
  [
    said("user", "Weather?"),
    {
      ...said("assistant"),
      toolCalls: [{ id: "call_1", kind: "function", name: "weather", arguments: "{}" }],
    },
    { ...said("tool", "rain"), toolCallId: "call_1" },
  ],
  { tools: tools.slice(0, 1) },
);
