import { ServeError } from "../../core/error.ts";
import type { GenerationRequest, Message } from "../../core/generation.ts";
import { withoutOpenCalls } from "../common/conversation/merge.ts";
import { isHosted, type Item } from "../common/items/kinds.ts";
import { toMessages } from "../common/items/to-messages.ts";
import type { DecodedRequest } from "./decode.ts";

/** What a model is asked: the instructions, the history, the input. Throws `invalid_request` for outcomes of no call. */
export function toGeneration(
  { generation, instructions }: Pick<DecodedRequest, "generation" | "instructions">,
  history: readonly Item[],
  input: readonly Item[],
): GenerationRequest & { prompt: { kind: "messages" } } {
  const calls = hostedCalls([...history, ...input]);
  const [before, now] = [history.filter(isWhole), input].map((items) =>
    toMessages(items).filter(({ toolCallId }) => toolCallId === undefined || !calls.has(toolCallId)),
  );
  const messages = [...instructions, ...joined(before ?? [], now ?? [])];
  return { ...generation, prompt: { kind: "messages", messages } };
}

/** Calls of hosted tools, which no model here has made or is shown; what came of them goes with them. */
function hostedCalls(items: readonly Item[]): ReadonlySet<unknown> {
  return new Set(items.filter(({ type }) => isHosted(type)).map(({ call_id: id }) => id));
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
