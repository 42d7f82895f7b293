import type { Tool } from "../../core/generation.ts";
import type { WrittenTool } from "./form.ts";
import { toJsonText } from "./json-text.ts";
import { functionDefinition } from "./tool-text.ts";

/** The tools with their JSON, which may be large: each is written once, however many prompts it stands in. */
export async function writeTools(tools: readonly Tool[]): Promise<readonly WrittenTool[]> {
  const all: WrittenTool[] = [];
  for (const tool of tools) {
    const one = written.get(tool) ?? (await writeTool(tool));
    written.set(tool, one);
    all.push(one);
  }
  return all;
}

/** An answer that has to be repaired takes several prompts with the same tools. */
const written = new WeakMap<Tool, WrittenTool>();

async function writeTool(tool: Tool): Promise<WrittenTool> {
  const { parameters, ...head } = functionDefinition(tool);
  const schema = await toJsonText(parameters);
  const start = await toJsonText(head);
  return {
    name: tool.name,
    description: tool.description ?? "",
    definition: `${start.slice(0, -1)}, "parameters": ${schema}}`,
    parameters: schema,
  };
}
