import type { GenerationRequest, Tool } from "../../core/generation.ts";
import type { ToolCallParser } from "../../text/tool-calls/format.ts";
import {
  createForcedCallParser,
  type ForcedCall,
  forcedCallSchema,
} from "../../text/tool-calls/forced-calls.ts";
import type { Constraint } from "./dialects/dialect.ts";
import type { KserveModel } from "./model.ts";

/** How a request's tools and output format are brought to a model and read from its text. */
export interface ToolPlan {
  /** Those that the model is told about. */
  offered: readonly Tool[];
  /** What the server is held to. */
  constraint?: Constraint;
  /** Absent when the answer cannot have calls. */
  createParser?: () => ToolCallParser;
  /** Names of the tools whose argument is free text. */
  custom: ReadonlySet<string>;
}

/** Throws nothing: dispatch has refused what the model cannot do. */
export function planTools(request: GenerationRequest, model: KserveModel): ToolPlan {
  const offered = model.toolCalls === undefined ? [] : offeredTools(request);
  const { constraints } = model.dialect.abilities;
  if (offered.length === 0) {
    const constraint = outputConstraint(request, constraints);
    return { offered, custom: new Set(), ...(constraint === undefined ? {} : { constraint }) };
  }
  const custom = new Set(offered.filter((tool) => tool.kind === "custom").map((tool) => tool.name));
  const choice = request.toolChoice;
  const schema = constraints.has("schema")
    ? forcedCallSchema(offered, choice, request.parallelToolCalls)
    : undefined;
  const names = new Set(offered.map((tool) => tool.name));
  if (schema !== undefined) {
    const forced: ForcedCall =
      choice.mode === "named" ? { kind: "named", name: choice.name } : { kind: "required", tools: names };
    return {
      offered,
      custom,
      constraint: { kind: "schema", schema },
      createParser: () => createForcedCallParser(forced),
    };
  }
  const format = model.toolCalls;
  const schemaOf = (name: string) => offered.find((tool) => tool.name === name)?.parameters;
  return {
    offered,
    custom,
    ...(format === undefined ? {} : { createParser: () => format.createParser(names, schemaOf) }),
  };
}

/** Of a forced choice only what may be chosen: a model cannot call what it does not know of. */
function offeredTools({ tools, toolChoice }: GenerationRequest): readonly Tool[] {
  switch (toolChoice.mode) {
    case "none":
      return [];
    case "auto":
    case "required":
      return tools;
    case "named":
      return tools.filter((tool) => tool.name === toolChoice.name);
    case "allowed":
      return tools.filter((tool) => toolChoice.names.includes(tool.name));
  }
}

/** An answer that may also be a tool call is not held to the format: dispatch checks it. */
function outputConstraint(
  { output }: GenerationRequest,
  constraints: ReadonlySet<Constraint["kind"]>,
): Constraint | undefined {
  if (output.kind === "json-schema" && constraints.has("schema")) {
    return { kind: "schema", schema: output.schema };
  }
  if (output.kind !== "json") return undefined;
  if (constraints.has("json")) return { kind: "json" };
  return constraints.has("schema") ? { kind: "schema", schema: { type: "object" } } : undefined;
}
