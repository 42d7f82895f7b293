import type { JsonSchema, Tool, ToolChoice } from "../../core/generation.ts";

/**
 * System text that lists `tools` as JSON, one a line, and says how and when to call them. "" if none may be called.
 * The lines of a `tools` array are made once, so it must not change.
 */
export function toolInstructions(
  form: string,
  tools: readonly Tool[],
  choice: ToolChoice,
  parallel: boolean,
): string {
  const lines = linesOf(tools, choice);
  if (lines.length === 0) return "";
  return [
    "You can call the tools below, each described by a line of JSON whose `parameters` are the JSON Schema of its arguments.",
    `<tools>\n${lines.join("\n")}\n</tools>`,
    form,
    [choiceSentence(choice), parallel ? "" : "Make at most one call."]
      .filter((text) => text !== "")
      .join(" "),
  ].join("\n\n");
}

/** Schema of a tool's arguments. A custom tool takes one text, `input`. */
export function argumentsSchema(tool: Tool): JsonSchema {
  return tool.kind === "custom" ? customSchema : (tool.parameters ?? emptySchema);
}

const customSchema: JsonSchema = {
  type: "object",
  properties: { input: { type: "string" } },
  required: ["input"],
  additionalProperties: false,
};

const emptySchema: JsonSchema = { type: "object", properties: {} };

function choiceSentence(choice: ToolChoice): string {
  const must = "You must call a tool: answer with nothing but the call.";
  switch (choice.mode) {
    case "named":
      return `You must call the tool ${JSON.stringify(choice.name)}: answer with nothing but this call.`;
    case "required":
      return must;
    case "allowed":
      return choice.required ? must : whenNeeded;
    case "auto":
    case "none":
      return whenNeeded;
  }
}

const whenNeeded =
  "Call a tool only if that helps; otherwise answer in plain text. Its result comes in the next message.";

const allLines = new WeakMap<readonly Tool[], readonly string[]>();

function linesOf(tools: readonly Tool[], choice: ToolChoice): readonly string[] {
  if (choice.mode === "none") return [];
  let lines = allLines.get(tools);
  if (lines === undefined) {
    lines = tools.map(toolLine);
    allLines.set(tools, lines);
  }
  if (choice.mode !== "allowed") return lines;
  const names = new Set(choice.names);
  return lines.filter((_, index) => names.has(tools[index]?.name ?? ""));
}

function toolLine(tool: Tool): string {
  const { name, description } = tool;
  return JSON.stringify({
    type: "function",
    function: {
      name,
      ...(description === undefined ? {} : { description }),
      parameters: argumentsSchema(tool),
    },
  });
}
