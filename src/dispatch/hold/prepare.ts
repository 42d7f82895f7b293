import type { GenerationRequest } from "../../core/generation.ts";
import type { SchemaChecker } from "../../json-schema/checker.ts";
import type { Demand } from "./demand.ts";

/**
 * Has the schemas of `demand` compiled before anything is generated for nothing. Rejects as `SchemaChecker.prepare`
 * does, naming the field of the client's request.
 */
export async function prepareSchemas(
  { format, strict }: Demand,
  tools: GenerationRequest["tools"],
  { schemas, signal }: { schemas: SchemaChecker; signal: AbortSignal },
): Promise<void> {
  if (format?.output.kind === "json-schema") {
    await schemas.prepare(format.schema, "response_format.json_schema.schema", signal);
  }
  // One after the other: those of many tools would take all the room for waiting.
  for (const [position, { name }] of tools.entries()) {
    const schema = strict.get(name);
    if (schema !== undefined) await schemas.prepare(schema, `tools[${position}].function.parameters`, signal);
  }
}
