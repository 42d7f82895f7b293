import type { JsonSchema, Tool } from "../core/generation.ts";

export interface ToolNotation {
  /** Pieces that were not put together yet: to ask for the length is cheap, to look into it is not. */
  text: string;
  /** False when there is more of it than was asked for. */
  isWhole: boolean;
}

/**
 * Tools in the notation in which OpenAI's models read them, a TypeScript namespace.
 * Only its length in tokens matters here. What the notation has no word for is `any`. Stops after about
 * `maxCharacters`, of which each part of a schema costs some dozen, so that it takes less than 5 ms whatever
 * the schemas (the keys of one object are listed in one go, though).
 */
export function toToolNotation(tools: readonly Tool[], maxCharacters: number): ToolNotation {
  const page = new Page(maxCharacters);
  page.write("namespace functions {\n\n");
  for (const tool of tools) {
    if (page.isFull) break;
    writeTool(page, tool);
  }
  page.write("} // namespace functions");
  return { text: page.text, isWhole: !page.isFull };
}

/** What a part costs beside its characters: as long as it takes to write so many of them. */
const partCost = 32;
/** What a name in a list costs that is only looked at. */
const nameCost = 16;

class Page {
  text = "";
  room: number;

  constructor(room: number) {
    this.room = room;
  }

  get isFull(): boolean {
    return this.room < 0;
  }

  write(piece: string): void {
    this.text += piece;
    this.room -= piece.length;
  }
}

function writeTool(page: Page, tool: Tool): void {
  page.room -= partCost;
  if (tool.description !== undefined && tool.description !== "") writeComment(page, tool.description);
  page.write(`type ${tool.name} = (`);
  if (tool.kind === "custom") page.write("_: string");
  else writeProperties(page, tool.parameters ?? {}, { depth: 0, open: "_: {\n", close: "}" });
  page.write(") => any;\n\n");
}

function writeComment(page: Page, text: string): void {
  page.write("// ");
  page.write(text);
  page.write("\n");
}

/** Only the first level of properties shows its descriptions. */
const describedDepth = 1;
/** Spaces cost as good as nothing, but a line deep in a schema would be more of them than of text. */
const maxIndent = 8;

interface Braces {
  depth: number;
  open: string;
  close: string;
}

/**
 * Each property on a line, in braces; nothing, and false, when there is none. The schema's depth is bounded where
 * the JSON is read. Every part of it is written at most once.
 */
function writeProperties(page: Page, schema: JsonSchema, { depth, open, close }: Braces): boolean {
  const properties = schema["properties"];
  if (!isRecord(properties)) return false;
  const required = namesIn(page, schema["required"]);
  const indent = "  ".repeat(Math.min(depth, maxIndent));
  let isEmpty = true;
  for (const name in properties) {
    if (page.isFull) break;
    if (isEmpty) page.write(open);
    isEmpty = false;
    page.room -= partCost;
    const property = properties[name];
    const description = isRecord(property) ? property["description"] : undefined;
    if (typeof description === "string" && description !== "" && depth < describedDepth) {
      page.write(indent);
      writeComment(page, description);
    }
    page.write(indent);
    page.write(name);
    page.write(required.has(name) ? ": " : "?: ");
    writeType(page, property, depth);
    page.write(",\n");
  }
  if (!isEmpty) page.write(close);
  return !isEmpty;
}

function writeType(page: Page, schema: unknown, depth: number): void {
  page.room -= partCost;
  if (!isRecord(schema)) return page.write("any");
  const alternatives = schema["anyOf"] ?? schema["oneOf"];
  if (Array.isArray(alternatives)) {
    return writeUnion(page, alternatives, (part) => writeType(page, part, depth));
  }
  if (Array.isArray(schema["enum"])) {
    return writeUnion(page, schema["enum"], (value) => writeValue(page, value));
  }
  if ("const" in schema) return writeValue(page, schema["const"]);
  const types = Array.isArray(schema["type"]) ? namesIn(page, schema["type"]) : [schema["type"]];
  writeUnion(page, types, (type) => writeNamedType(page, type, schema, depth));
}

function writeUnion(page: Page, parts: Iterable<unknown>, write: (part: unknown) => void): void {
  let separator = "";
  for (const part of parts) {
    if (page.isFull) return;
    page.room -= nameCost;
    page.write(separator);
    write(part);
    separator = " | ";
  }
}

function writeValue(page: Page, value: unknown): void {
  if (typeof value === "string" && value.length > page.room) return page.write(value);
  page.write(typeof value === "object" && value !== null ? "any" : (JSON.stringify(value) ?? "any"));
}

function writeNamedType(page: Page, type: unknown, schema: JsonSchema, depth: number): void {
  switch (type) {
    case "string":
    case "number":
    case "boolean":
    case "null":
      return page.write(type);
    case "integer":
      return page.write("number");
    case "array":
      if ("items" in schema) writeType(page, schema["items"], depth);
      else page.write("any");
      return page.write("[]");
    case "object":
      if (!writeProperties(page, schema, { depth: depth + 1, open: "{\n", close: "}" })) page.write("object");
      return;
    default:
      page.write("any");
  }
}

/** Each once, as far as there is room for them. */
function namesIn(page: Page, list: unknown): ReadonlySet<unknown> {
  if (!Array.isArray(list)) return none;
  page.room -= list.length * nameCost;
  return page.isFull ? none : new Set(list);
}

const none: ReadonlySet<unknown> = new Set();

function isRecord(value: unknown): value is JsonSchema {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
