import type { Message, ToolCall } from "../../../core/generation.ts";

/**
 * Whether two messages say the same. How a text is cut into parts does not matter, nor how a client writes back what
 * it was given: no text as an empty one, no arguments as `{}`.
 */
export function isSameMessage(one: Message, other: Message): boolean {
  if (one === other) return true;
  return (
    one.role === other.role &&
    one.name === other.name &&
    one.toolCallId === other.toolCallId &&
    haveSameCalls(one.toolCalls ?? [], other.toolCalls ?? []) &&
    Bun.deepEquals(joined(one), joined(other), true)
  );
}

function haveSameCalls(some: readonly ToolCall[], others: readonly ToolCall[]): boolean {
  return some.length === others.length && some.every((call, index) => isSameCall(call, others[index]));
}

function isSameCall(one: ToolCall, other: ToolCall | undefined): boolean {
  return (
    one.id === other?.id &&
    one.kind === other.kind &&
    one.name === other.name &&
    argumentsOf(one) === argumentsOf(other)
  );
}

function argumentsOf(call: ToolCall): string {
  return call.kind === "function" && call.arguments === "" ? "{}" : call.arguments;
}

/** The content with neighbouring texts in one. */
function joined({ content }: Message): unknown[] {
  const parts: unknown[] = [];
  let text = "";
  const flush = () => {
    if (text !== "") parts.push(text);
    text = "";
  };
  for (const part of content) {
    if (part.type === "text") {
      text += part.text;
    } else {
      flush();
      parts.push(part);
    }
  }
  flush();
  return parts;
}
