import { readFileSync } from "node:fs";
import { join } from "node:path";

const root = join(import.meta.dir, "../../..");

/** The clients of the matrix, in the order of its rows: their names, and where the version that is tested is pinned. */
export const clients = {
  "openai-node-6": { name: "openai (Node)", version: () => ofPackage("openai-node-6") },
  "openai-node-7": { name: "openai (Node)", version: () => ofPackage("openai-node-7") },
  "openai-python-2": { name: "openai (Python)", version: () => ofRequirement("openai-2", "openai") },
  "openai-python-3": { name: "openai (Python)", version: () => ofRequirement("openai-3", "openai") },
  "agents-js": { name: "OpenAI Agents SDK (JavaScript)", version: () => ofPackage("@openai/agents") },
  "agents-python": {
    name: "OpenAI Agents SDK (Python)",
    version: () => ofRequirement("agents", "openai-agents"),
  },
  "ai-sdk": { name: "Vercel AI SDK, `@ai-sdk/openai`", version: () => ofPackage("@ai-sdk/openai") },
  "ai-sdk-compatible": {
    name: "Vercel AI SDK, `@ai-sdk/openai-compatible`",
    version: () => ofPackage("@ai-sdk/openai-compatible"),
  },
  langchain: { name: "LangChain (Python)", version: () => ofRequirement("langchain-1", "langchain-openai") },
  codex: { name: "Codex, requests in its form", version: () => "" },
  "open-responses": { name: "Open Responses, our form of its checks", version: () => "" },
  "anthropic-node": { name: "anthropic (Node)", version: () => ofPackage("@anthropic-ai/sdk") },
  "anthropic-python": {
    name: "anthropic (Python)",
    version: () => ofRequirement("anthropic", "anthropic"),
  },
  curl: { name: "curl", version: () => "" },
} as const satisfies Record<string, { name: string; version: () => string }>;

export const surfaces = {
  chat: "`/v1/chat/completions`",
  completions: "`/v1/completions`",
  responses: "`/v1/responses`",
  messages: "`/v1/messages`",
} as const;

/** Each a column. */
export const features = {
  text: "Text",
  streaming: "Streaming",
  tools: "Tools",
  structured: "Structured output",
  reasoning: "Reasoning",
  errors: "Errors",
  aborts: "Aborts",
  conversations: "Conversations",
  agents: "Agents",
} as const;

export type Client = keyof typeof clients;
export type Surface = keyof typeof surfaces;
export type Feature = keyof typeof features;

export interface Cell {
  client: Client;
  surface: Surface;
  feature: Feature;
}

function ofPackage(name: string): string {
  const { version }: { version: string } = JSON.parse(
    readFileSync(join(root, "node_modules", name, "package.json"), "utf8"),
  );
  return version;
}

function ofRequirement(file: string, name: string): string {
  const lines = readFileSync(join(root, "test/support/clients", `${file}.txt`), "utf8").split("\n");
  return lines.find((line) => line.startsWith(`${name}==`))?.slice(name.length + 2) ?? "";
}
