import { ServeError } from "../../core/error.ts";
import type { GenerationRequest, Message } from "../../core/generation.ts";
import { withoutOpenCalls } from "../common/conversation/merge.ts";
import type { Item } from "../common/items/kinds.ts";
import { toMessages } from "../common/items/to-messages.ts";
import type { DecodedRequest } from "./decode.ts";

/** What a model is asked: the instructions, the history, the input. Throws `invalid_request` for outcomes of no call. */
export function toGeneration(
  { generation, instructions }: Pick<DecodedRequest, "generation" | "instructions">,
  history: readonly Item[],
  input: readonly Item[],
): GenerationRequest {
  const messages = [...instructions, ...joined(toMessages(history.filter(isWhole)), toMessages(input))];
  return { ...generation, prompt: { kind: "messages", messages } };
}

/** A call that was cut off cannot be answered. */
function isWhole({ type, status }: Item): boolean {
  return status !== "incomplete" || (type !== "function_call" && type !== "custom_tool_call");
}

/**
 * Models take no call without its outcome and no outcome without its call. In the history, which may have lost its
 * beginning, such are left out; in the input, an outcome of no call is a mistake.
 */
function joined(history: readonly Message[], input: readonly Message[]): readonly Message[] {
  const calls = new Set<string>();
  const known = history.filter((message) => isAnswerable(message, calls));
  if (!input.every((message) => isAnswerable(message, calls))) {
    throw new ServeError("invalid_request", "No tool call found for a tool call output in 'input'.", {
      code: "invalid_value",
      param: "input",
    });
  }
  return withoutOpenCalls([...known, ...input], known.length);
}

/** Whether what a message answers was called before; takes down what it calls. */
function isAnswerable({ role, toolCallId, toolCalls = [] }: Message, calls: Set<string>): boolean {
  for (const { id } of toolCalls) calls.add(id);
  return role !== "tool" || (toolCallId !== undefined && calls.has(toolCallId));
}
