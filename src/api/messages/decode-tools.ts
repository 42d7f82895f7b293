import { ServeError } from "../../core/error.ts";
import type { Tool, ToolChoice } from "../../core/generation.ts";
import { assertSchemas } from "../../json-schema/assert-schemas.ts";
import { given } from "../common/sampling.ts";
import type { CountTokensRequest, ToolField } from "./schema.ts";

export interface DecodedTools {
  tools: Tool[];
  /** Of each of them, its position in the request. */
  positions: number[];
  /** Types of the tools that are left out. */
  leftOut: string[];
  toolChoice: ToolChoice;
  parallelToolCalls: boolean;
}

type CustomTool = Exclude<ToolField, { type: "other" }>;

/** Throws `invalid_request` for what is no JSON Schema, and for a choice of what is not there. */
export function decodeTools({ tools, tool_choice: choice }: CountTokensRequest): DecodedTools {
  const all = [...(tools ?? []).entries()];
  const custom = all.flatMap(([position, tool]) => (isCustom(tool) ? [{ position, tool }] : []));
  assertSchemas(
    custom.map(({ position, tool }) => ({
      schema: tool.input_schema,
      param: `tools[${position}].input_schema`,
      // Anthropic's subset for strict tools is not OpenAI's.
      isStrict: false,
      isChecked: tool.strict === true,
      isObject: true,
    })),
  );
  const decoded = custom.map(({ tool }) => decodeTool(tool));
  return {
    tools: decoded,
    positions: custom.map(({ position }) => position),
    leftOut: all.flatMap(([, tool]) => (isCustom(tool) ? [] : [tool.type])),
    toolChoice: decodeChoice(choice, decoded),
    parallelToolCalls: choice == null || choice.type === "none" || choice.disable_parallel_tool_use !== true,
  };
}

function isCustom(tool: ToolField): tool is CustomTool {
  return tool.type == null || tool.type === "custom";
}

function decodeTool({ name, description, input_schema: parameters, strict }: CustomTool): Tool {
  return {
    kind: "function",
    name,
    ...given("description", description),
    parameters,
    ...given("strict", strict),
  };
}

function decodeChoice(choice: CountTokensRequest["tool_choice"], tools: readonly Tool[]): ToolChoice {
  if (choice == null || choice.type === "auto") return { mode: tools.length === 0 ? "none" : "auto" };
  if (choice.type === "none") return { mode: "none" };
  if (choice.type === "any") {
    if (tools.length > 0) return { mode: "required" };
    throw wrongChoice("'tool_choice' asks for a call, but none of the 'tools' can be called here.");
  }
  if (tools.some(({ name }) => name === choice.name)) return { mode: "named", name: choice.name };
  throw wrongChoice("'tool_choice' asks for a tool that is not among those that can be called here.");
}

function wrongChoice(message: string): ServeError {
  return new ServeError("invalid_request", message, { code: "invalid_value", param: "tool_choice" });
}
