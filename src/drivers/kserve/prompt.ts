import { ServeError } from "../../core/error.ts";
import type { GenerationRequest, Message, Tool } from "../../core/generation.ts";
import { isRecord } from "../../core/json.ts";
import { fimPrompt } from "../../text/fim.ts";
import type { Conversation } from "../../text/templates/template.ts";
import type { KserveModel } from "./model.ts";

/**
 * The request as text: messages in the model's template, a text prompt as it is. Throws `ServeError`, and the reason of
 * `signal` when that aborts while others are being rendered.
 */
export async function renderPrompt(
  request: GenerationRequest,
  model: KserveModel,
  tools: readonly Tool[],
  signal: AbortSignal,
): Promise<string> {
  const { prompt } = request;
  switch (prompt.kind) {
    case "messages":
      return await model.template.render(toConversation(request, prompt.messages, model, tools), signal);
    case "text":
      return request.suffix === undefined || model.settings.fim === undefined
        ? prompt.text
        : fimPrompt(model.settings.fim, prompt.text, request.suffix);
    case "tokens":
      throw new ServeError("invalid_request", "This model does not take a prompt of token ids.", {
        code: "unsupported_value",
        param: "prompt",
      });
  }
}

function toConversation(
  request: GenerationRequest,
  messages: readonly Message[],
  { template, toolCalls, settings }: KserveModel,
  tools: readonly Tool[],
): Conversation {
  const isWorded = tools.length > 0 && !template.takesTools && toolCalls !== undefined;
  return {
    messages: isWorded
      ? withInstructions(messages, toolCalls.instructions(tools, { mode: "auto" }, request.parallelToolCalls))
      : messages,
    tools: isWorded ? [] : tools,
    toolChoice: request.toolChoice,
    variables: { ...settings.variables, ...clientVariables(request, settings.allowedVariables) },
  };
}

/** Models know one system message best: the instructions join it where there is one. */
function withInstructions(messages: readonly Message[], instructions: string): readonly Message[] {
  const [first, ...rest] = messages;
  if (first === undefined || (first.role !== "system" && first.role !== "developer")) {
    return [{ role: "system", content: [{ type: "text", text: instructions }] }, ...messages];
  }
  return [{ ...first, content: [...first.content, { type: "text", text: `\n\n${instructions}` }] }, ...rest];
}

function clientVariables(
  { extra, reasoning }: GenerationRequest,
  allowed: ReadonlySet<string>,
): Record<string, unknown> {
  const given = { ...kwargsOf(extra["chat_template_kwargs"]) };
  for (const name of Object.keys(given)) {
    if (allowed.has(name)) continue;
    throw new ServeError("invalid_request", "This variable of the chat template may not be set.", {
      code: "unsupported_value",
      param: `chat_template_kwargs.${name.slice(0, 64)}`,
    });
  }
  if (reasoning !== undefined && allowed.has("reasoning_effort"))
    given["reasoning_effort"] ??= reasoning.effort;
  if (extra["documents"] !== undefined) given["documents"] = documentsOf(extra["documents"]);
  return given;
}

function kwargsOf(value: unknown): Record<string, unknown> {
  if (value === undefined) return {};
  if (isRecord(value)) return value;
  throw new ServeError("invalid_request", "'chat_template_kwargs' must be an object.", {
    code: "invalid_type",
    param: "chat_template_kwargs",
  });
}

function documentsOf(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value;
  throw new ServeError("invalid_request", "'documents' must be an array.", {
    code: "invalid_type",
    param: "documents",
  });
}
