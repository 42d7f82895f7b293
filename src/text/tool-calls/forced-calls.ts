import { isRecord } from "../../core/json.ts";
import type { JsonSchema, Tool, ToolChoice } from "../../core/generation.ts";
import type { KnownTools } from "./block-reader.ts";
import { type CallGrammar, createCallParser } from "./call-parser.ts";
import type { ToolCallParser } from "./format.ts";
import { argumentsSchema } from "./instructions.ts";
import { readArguments } from "./json-arguments.ts";
import { readCalls } from "./json-calls.ts";
import { PendingCall } from "./pending-call.ts";

/** What a backend was made to write: the arguments of one tool, or an array of calls. */
export type ForcedCall = { kind: "named"; name: string } | { kind: "required"; tools: ReadonlySet<string> };

/** A parser for answers that were constrained to `forcedCallSchema`. What still does not fit is text. */
export function createForcedCallParser(forced: ForcedCall): ToolCallParser {
  if (forced.kind === "required") return createCallParser(arrayGrammar, toolsNamed(forced.tools));
  const grammar: CallGrammar = {
    ...bareGrammar,
    bare: "{",
    read: (reader) => readArguments(reader, new PendingCall(reader, forced.name)),
  };
  return createCallParser(grammar, toolsNamed(new Set([forced.name])));
}

/**
 * The schema that an answer is constrained to, so that it is the call that `choice` forces; undefined if it forces
 * none. For a named tool that is the schema of its arguments, otherwise that of an array of
 * `{"name": …, "parameters": …}`, with one element unless `parallel`.
 */
export function forcedCallSchema(
  tools: readonly Tool[],
  choice: ToolChoice,
  parallel: boolean,
): JsonSchema | undefined {
  if (choice.mode === "named") {
    const tool = tools.find(({ name }) => name === choice.name);
    return tool === undefined ? undefined : argumentsSchema(tool);
  }
  const isForced = choice.mode === "required" || (choice.mode === "allowed" && choice.required);
  if (!isForced) return undefined;
  const callable =
    choice.mode === "allowed" ? tools.filter(({ name }) => choice.names.includes(name)) : tools;
  if (callable.length === 0) return undefined;
  return {
    type: "array",
    minItems: 1,
    ...(parallel ? {} : { maxItems: 1 }),
    items: { anyOf: callable.map(callSchema) },
  };
}

const bareGrammar = { open: [], close: [] } as const;
const arrayGrammar: CallGrammar = { ...bareGrammar, bare: "[{", read: (reader) => readCalls(reader) };

function toolsNamed(names: ReadonlySet<string>): KnownTools {
  return { names };
}

function callSchema(tool: Tool, index: number): JsonSchema {
  return {
    type: "object",
    properties: {
      name: { type: "string", enum: [tool.name] },
      parameters: rebased(argumentsSchema(tool), `#/items/anyOf/${index}/properties/parameters`),
    },
    required: ["name", "parameters"],
    additionalProperties: false,
  };
}

/** `schema` with its references to itself leading to `place`, where it will stand. */
function rebased(schema: unknown, place: string): unknown {
  if (Array.isArray(schema)) return schema.map((item) => rebased(item, place));
  if (!isRecord(schema)) return schema;
  const members = Object.entries(schema).map(([key, value]) => {
    if (literalKeywords.has(key)) return [key, value];
    const isReference = key === "$ref" && typeof value === "string" && /^#(\/|$)/.test(value);
    return [key, isReference ? place + value.slice(1) : rebased(value, place)];
  });
  return Object.fromEntries(members);
}

/** Keywords whose values are data, not schemas. */
const literalKeywords: ReadonlySet<string> = new Set(["const", "default", "enum", "examples"]);
