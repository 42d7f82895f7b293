// An assistant with a tool of its own, that also knows the tools which clients send along.
//
//   export OPENAI_API_KEY=...
//   oai-serve --agent examples/camel.ts --port 8000
import { defineAgent, tool } from "oai-serve";

const myCustomTool = tool({
  name: "my_custom_tool",
  description: "A custom tool for the agent.",
  parameters: {
    type: "object",
    properties: { query: { type: "string" } },
    required: ["query"],
    additionalProperties: false,
  },
  execute: ({ query }) => `Processed: ${query}`,
});

export const agent = defineAgent({
  name: "camel-model",
  description: "A helpful assistant.",
  model: "gpt-4o-mini",
  system: "You are a helpful assistant.",
  tools: [myCustomTool],
  params: { temperature: 0.8, maxTokens: 1000 },
});
