import type { Capabilities, GenerationRequest, JsonSchema, OutputFormat } from "../../core/generation.ts";

/** What an answer has to be and the backend does not see to. */
export interface Demand {
  /** Of the text, unless a tool is called. */
  format?: { schema: JsonSchema; output: Exclude<OutputFormat, { kind: "text" }> };
  /** Names of the tools of which one has to be called. */
  calls?: ReadonlySet<string>;
  /** Schemas of the arguments of strict tools, by the tool's name. */
  strict: ReadonlyMap<string, JsonSchema>;
}

/** What dispatch has to see to for `request`; undefined for nothing. */
export function demandOf(
  request: GenerationRequest,
  capabilities: Pick<Capabilities, "json" | "toolChoice" | "freeChoice">,
): Demand | undefined {
  // A bare prompt has no place for words of ours.
  if (request.prompt.kind !== "messages") return undefined;
  const { output } = request;
  const isFree = mayCall(request) && capabilities.freeChoice !== true;
  const isForced = demandedCalls(request) !== undefined;
  const isCallEnforced = capabilities.toolChoice && isForced;
  const isFormatEnforced = isCallEnforced || (capabilities.json && !isFree);
  const format =
    output.kind === "text" || isFormatEnforced ? undefined : { output, schema: schemaOf(output) };
  const calls = capabilities.toolChoice ? undefined : demandedCalls(request);
  const strict = isCallEnforced || (capabilities.toolChoice && !isFree) ? noTools : strictTools(request);
  if (format === undefined && calls === undefined && strict.size === 0) return undefined;
  return { strict, ...(format && { format }), ...(calls && { calls }) };
}

/** What an answer has to be, whoever sees to it; undefined for nothing. */
export function expectationOf(request: GenerationRequest): Demand | undefined {
  return demandOf(request, nobodyEnforces);
}

const nobodyEnforces = { json: false, toolChoice: false };

function mayCall({ tools, toolChoice }: GenerationRequest): boolean {
  return tools.length > 0 && toolChoice.mode !== "none";
}

const anyObject: JsonSchema = { type: "object" };
const noTools: ReadonlyMap<string, JsonSchema> = new Map();

function schemaOf(output: Exclude<OutputFormat, { kind: "text" }>): JsonSchema {
  return output.kind === "json" ? anyObject : output.schema;
}

function demandedCalls({ tools, toolChoice }: GenerationRequest): ReadonlySet<string> | undefined {
  switch (toolChoice.mode) {
    case "none":
    case "auto":
      return undefined;
    case "required":
      return new Set(tools.map(({ name }) => name));
    case "named":
      return new Set([toolChoice.name]);
    case "allowed":
      return toolChoice.required ? new Set(toolChoice.names) : undefined;
  }
}

function strictTools({ tools, toolChoice }: GenerationRequest): ReadonlyMap<string, JsonSchema> {
  if (toolChoice.mode === "none") return noTools;
  const strict = new Map<string, JsonSchema>();
  for (const { kind, name, strict: isStrict, parameters } of tools) {
    if (kind === "function" && isStrict === true && parameters !== undefined) strict.set(name, parameters);
  }
  return strict;
}
