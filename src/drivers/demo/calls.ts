import { ServeError } from "../../core/error.ts";
import type { GenerationRequest, Message, Tool } from "../../core/generation.ts";
import type { Call } from "./answer.ts";

/**
 * The calls with which the demo model answers: one, or one for each of the first two tools where parallel
 * calls are allowed; none when a tool has answered since the user last spoke. Arguments satisfy the tool's
 * schema. Throws `invalid_request` for a schema without a demonstrable instance, naming `tools`.
 */
export async function decideCalls(request: GenerationRequest): Promise<readonly Call[]> {
  if (request.prompt.kind !== "messages" || hasToolResult(request.prompt.messages)) return [];
  return Promise.all(chooseTools(request).map(toCall));
}

function hasToolResult(messages: readonly Message[]): boolean {
  return (
    messages.findLastIndex(({ role }) => role === "tool") >
    messages.findLastIndex(({ role }) => role === "user")
  );
}

function chooseTools({ tools, toolChoice, parallelToolCalls }: GenerationRequest): readonly Tool[] {
  const count = parallelToolCalls ? 2 : 1;
  switch (toolChoice.mode) {
    case "none":
      return [];
    case "auto":
    case "required":
      return tools.slice(0, count);
    case "allowed":
      return tools.filter(({ name }) => toolChoice.names.includes(name)).slice(0, count);
    case "named":
      return tools.filter(({ name }) => name === toolChoice.name).slice(0, 1);
  }
}

async function toCall({ kind, name, parameters }: Tool): Promise<Call> {
  if (kind === "custom") return { kind, name, input: "This is input from the demo model." };
  if (parameters === undefined) return { kind, name, input: "{}" };
  // Loaded at first use: a server that is never asked for JSON does not pay for the libraries.
  const { createInstance } = await import("./instances/instance.ts");
  const value = createInstance(parameters);
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new ServeError(
      "invalid_request",
      "The demo model cannot make arguments that satisfy the parameters of one of the tools.",
      { code: "unsupported_value", param: "tools" },
    );
  }
  return { kind, name, input: JSON.stringify(value) };
}
