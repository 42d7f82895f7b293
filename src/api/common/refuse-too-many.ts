import { ServeError } from "../../core/error.ts";

/** Throws `invalid_request` for more messages than one request may hold, before any of them is looked at. */
export function refuseTooMany({ messages }: { messages?: unknown }, maxMessages: number): void {
  if (!Array.isArray(messages) || messages.length <= maxMessages) return;
  throw new ServeError("invalid_request", `'messages' must have at most ${maxMessages} items.`, {
    code: "array_above_max_length",
    param: "messages",
  });
}
