import type { JsonRecord } from "../../../core/json.ts";
import { type Item, typeOf } from "./kinds.ts";
import { createItemId } from "./item-id.ts";

/** Ids that items keep; others that clients give are replaced. */
export const itemIdForm = /^[\w.:-]{1,128}$/;

/** Items that are over when they come in, and say so. */
const finished: ReadonlySet<string> = new Set([
  "message",
  "function_call",
  "function_call_output",
  "custom_tool_call",
  "custom_tool_call_output",
]);

/**
 * Items as they are stored and listed: each has its type and an id of its own, content is a list of parts, and what
 * the client gave stays. An id that the client gave stays too unless another item of the list has it.
 */
export function toItems(given: readonly JsonRecord[]): Item[] {
  const taken = new Set<string>();
  return given.map((item) => {
    const whole = toItem(item, taken);
    taken.add(whole.id);
    return whole;
  });
}

function toItem(given: JsonRecord, taken: ReadonlySet<string>): Item {
  const type = typeOf(given);
  const { id } = given;
  const keepsId = typeof id === "string" && itemIdForm.test(id) && !taken.has(id);
  return {
    ...given,
    id: keepsId ? id : createItemId(type),
    type,
    ...(finished.has(type) && { status: given["status"] ?? "completed" }),
    ...(type === "message" && { content: toParts(given["role"], given["content"]) }),
  };
}

function toParts(role: unknown, content: unknown): unknown {
  if (typeof content === "string") {
    return [
      role === "assistant"
        ? { type: "output_text", text: content, annotations: [], logprobs: [] }
        : { type: "input_text", text: content },
    ];
  }
  return Array.isArray(content) ? content.map(withAnnotations) : content;
}

/** Clients read into the annotations of a text that was answered. */
function withAnnotations(part: JsonRecord): JsonRecord {
  if (part["type"] !== "output_text") return part;
  return { ...part, annotations: part["annotations"] ?? [], logprobs: part["logprobs"] ?? [] };
}
