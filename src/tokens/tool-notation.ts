import type { JsonSchema, Tool } from "../core/generation.ts";

/**
 * Tools in the notation in which OpenAI's models read them, a TypeScript namespace (conformance 8.3, method B).
 * Only its length in tokens matters here. What the notation has no word for is `any`.
 */
export function toToolNotation(tools: readonly Tool[]): string {
  return ["namespace functions {", "", ...tools.flatMap(declarationOf), "} // namespace functions"].join(
    "\n",
  );
}

function declarationOf(tool: Tool): string[] {
  const comment = tool.description === undefined || tool.description === "" ? [] : [`// ${tool.description}`];
  if (tool.kind === "custom") return [...comment, `type ${tool.name} = (_: string) => any;`, ""];
  const properties = propertiesOf(tool.parameters ?? {}, 0);
  if (properties.length === 0) return [...comment, `type ${tool.name} = () => any;`, ""];
  return [...comment, `type ${tool.name} = (_: {`, ...properties, "}) => any;", ""];
}

/** Only the first level of properties shows its descriptions. */
const describedDepth = 1;
/** Spaces cost as good as nothing, but a line deep in a schema would be more of them than of text. */
const maxIndent = 8;

/** The schema's depth is bounded where the JSON is read. Every part of it is rendered at most once. */
function propertiesOf(schema: JsonSchema, depth: number): string[] {
  const properties = schema["properties"];
  if (!isRecord(properties)) return [];
  const required = new Set(Array.isArray(schema["required"]) ? schema["required"] : []);
  const indent = "  ".repeat(Math.min(depth, maxIndent));
  const lines: string[] = [];
  for (const [name, property] of Object.entries(properties)) {
    const description = isRecord(property) ? property["description"] : undefined;
    if (typeof description === "string" && description !== "" && depth < describedDepth) {
      lines.push(`${indent}// ${description}`);
    }
    lines.push(`${indent}${name}${required.has(name) ? "" : "?"}: ${typeOf(property, depth)},`);
  }
  return lines;
}

function typeOf(schema: unknown, depth: number): string {
  if (!isRecord(schema)) return "any";
  const alternatives = schema["anyOf"] ?? schema["oneOf"];
  if (Array.isArray(alternatives)) return alternatives.map((part) => typeOf(part, depth)).join(" | ");
  if (Array.isArray(schema["enum"])) return schema["enum"].map((value) => JSON.stringify(value)).join(" | ");
  if ("const" in schema) return JSON.stringify(schema["const"]);
  const types = new Set(Array.isArray(schema["type"]) ? schema["type"] : [schema["type"]]);
  return [...types].map((type) => namedType(type, schema, depth)).join(" | ");
}

function namedType(type: unknown, schema: JsonSchema, depth: number): string {
  switch (type) {
    case "string":
    case "number":
    case "boolean":
    case "null":
      return type;
    case "integer":
      return "number";
    case "array":
      return "items" in schema ? `${typeOf(schema["items"], depth)}[]` : "any[]";
    case "object": {
      const properties = propertiesOf(schema, depth + 1);
      return properties.length === 0 ? "object" : ["{", ...properties, "}"].join("\n");
    }
    default:
      return "any";
  }
}

function isRecord(value: unknown): value is JsonSchema {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
