import type { Message } from "../../../core/generation.ts";
import { keepNewest } from "../../../core/keep-newest.ts";
import { sizeOfMessage } from "./size.ts";

/** Tokens of each message, in their order, for the model of that id. Never rejects; may estimate. */
export type CountTokens = (messages: readonly Message[], model: string) => Promise<readonly number[]>;

/** The newest of `messages` that are no more than `limit` tokens; all if there is no limit. */
export async function fitContext(
  messages: readonly Message[],
  { limit, countTokens, model }: { limit: number | undefined; countTokens: CountTokens; model: string },
): Promise<readonly Message[]> {
  if (limit === undefined || sizeWithin(messages, limit)) return messages;
  return keepNewest(messages, await countTokens(messages, model), limit);
}

/** A token is a byte at least: what is no more bytes than that need not be counted. Images cost more than their address. */
function sizeWithin(messages: readonly Message[], limit: number): boolean {
  let size = 0;
  return messages.every((message) => {
    size += sizeOfMessage(message);
    return size <= limit && message.content.every(({ type }) => type === "text" || type === "refusal");
  });
}
