import { ServeError } from "../../core/error.ts";
import type { GenerationRequest, Message, Tool } from "../../core/generation.ts";
import type { Call } from "./answer.ts";
import type { MakeInstance } from "./instances/maker.ts";

/**
 * The calls with which the demo model answers: one, or one for each of the first two tools where parallel
 * calls are allowed; none when a tool has answered since the user last spoke. Arguments satisfy the tool's
 * schema. Throws `invalid_request` for a schema without a demonstrable instance, naming `tools`.
 */
export async function decideCalls(
  request: GenerationRequest,
  makeInstance: MakeInstance,
): Promise<readonly Call[]> {
  if (request.prompt.kind !== "messages" || hasToolResult(request.prompt.messages)) return [];
  return Promise.all(chooseTools(request).map((tool) => toCall(tool, makeInstance)));
}

function hasToolResult(messages: readonly Message[]): boolean {
  return messages.findLast(({ role }) => role === "tool" || role === "user")?.role === "tool";
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

async function toCall({ kind, name, parameters }: Tool, makeInstance: MakeInstance): Promise<Call> {
  if (kind === "custom") return { kind, name, input: "This is input from the demo model." };
  if (parameters === undefined) return { kind, name, input: "{}" };
  const input = await makeInstance(parameters);
  if (input?.startsWith("{") !== true) {
    throw new ServeError(
      "invalid_request",
      "The demo model cannot make arguments that satisfy the parameters of one of the tools.",
      { code: "unsupported_value", param: "tools" },
    );
  }
  return { kind, name, input };
}
