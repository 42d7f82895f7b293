import { type CallGrammar, createCallParser } from "./call-parser.ts";
import type { ToolCallFormat, ToolCallFormatName } from "./format.ts";
import { toolInstructions } from "./instructions.ts";

/** A format of which `form` tells a model in words how to write its calls. */
export function createFormat(name: ToolCallFormatName, form: string, grammar: CallGrammar): ToolCallFormat {
  return {
    name,
    instructions: (tools, choice, parallel) => toolInstructions(form, tools, choice, parallel),
    createParser: (names, schemaOf) => createCallParser(grammar, { names, schemaOf }),
  };
}
