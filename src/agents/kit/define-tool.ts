import type { JsonSchema } from "../../core/generation.ts";
import { isRecord } from "../../core/json.ts";
import { asFields, asToolName, describe } from "./names.ts";
import type { AgentTool, ArgumentsOf, ToolContext, ToolOptions } from "./tool.ts";

const fields = ["name", "description", "parameters", "timeoutMs", "execute"];

/**
 * A tool that runs on the server when the model calls it. Arguments are checked before `execute` gets them; with a
 * TypeBox schema they have its type. Throws an `Error` that says what is wrong with `options`.
 *
 * @example
 * const weather = tool({
 *   name: "weather",
 *   description: "The weather in a city.",
 *   parameters: Type.Object({ city: Type.String() }),
 *   execute: ({ city }) => `It is sunny in ${city}.`,
 * });
 */
export function tool<const Parameters extends object>(options: ToolOptions<Parameters>): AgentTool {
  const given = asFields(options, fields, "A tool");
  const name = asToolName(given["name"]);
  const { description, timeoutMs } = options;
  if (typeof given["execute"] !== "function") {
    throw new Error(`The tool '${name}' needs a function 'execute', not ${describe(given["execute"])}.`);
  }
  if (given["description"] !== undefined && typeof given["description"] !== "string") {
    throw new Error(
      `The description of the tool '${name}' has to be a text, not ${describe(given["description"])}.`,
    );
  }
  if (timeoutMs !== undefined && !(Number.isFinite(timeoutMs) && timeoutMs > 0)) {
    throw new Error(`The timeoutMs of the tool '${name}' has to be a number above 0, in milliseconds.`);
  }
  return {
    name,
    ...(description !== undefined && { description }),
    ...(options.parameters !== undefined && { parameters: toObjectSchema(name, options.parameters) }),
    ...(timeoutMs !== undefined && { timeoutMs }),
    execute: (args: ArgumentsOf<Parameters>, context: ToolContext) => options.execute(args, context),
  };
}

/** `parameters` as plain JSON, without what a library has hung on them. */
function toObjectSchema(name: string, parameters: object): JsonSchema {
  let schema: unknown;
  try {
    schema = JSON.parse(JSON.stringify(parameters));
  } catch (error) {
    throw new Error(`The parameters of the tool '${name}' are not JSON.`, { cause: error });
  }
  if (isRecord(schema) && schema["type"] === "object") return schema;
  throw new Error(
    `The parameters of the tool '${name}' have to be a schema of an object: { type: "object", properties: { … } }.`,
  );
}
