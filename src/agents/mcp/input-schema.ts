import { ServeError } from "../../core/error.ts";
import type { Log } from "../../core/log.ts";
import { assertSchemas } from "../../json-schema/assert-schemas.ts";
import type { SchemaChecker } from "../../json-schema/checker.ts";
import type { AgentTool } from "../kit/tool.ts";
import type { McpTool } from "./connection.ts";

/** Longest schema that is told in words. */
const longestTold = 8_192;

/**
 * What a model is told of a tool. Arguments are checked before the server sees them; where its schema cannot be used for
 * that, the model is told it in words and the server checks alone.
 */
export async function checkableSchema(
  { name, description, inputSchema }: McpTool,
  schemas: SchemaChecker,
  log: Log,
): Promise<Pick<AgentTool, "description" | "parameters">> {
  try {
    assertSchemas([
      { schema: inputSchema, param: "inputSchema", isStrict: false, isObject: true, isChecked: true },
    ]);
    await schemas.prepare(inputSchema, "inputSchema", new AbortController().signal);
    return { ...(description !== undefined && { description }), parameters: inputSchema };
  } catch (error) {
    if (!(error instanceof ServeError) || error.kind === "unavailable" || error.kind === "internal")
      throw error;
    log.warn("The arguments of a tool cannot be checked", { tool: name, reason: error.message });
    const told = JSON.stringify(inputSchema).slice(0, longestTold);
    return {
      description: `${description ?? ""}\nArguments: ${told}`.trimStart(),
      parameters: { type: "object" },
    };
  }
}
