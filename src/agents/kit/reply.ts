import type { AgentReply, ReplyFields } from "./agent.ts";
import { hasMark, replyMark } from "./marks.ts";

/**
 * A whole answer with more than text: reasoning, a refusal, calls of the client's tools, usage or metadata.
 *
 * @example return reply({ text: "4", metadata: { source: "calculator" } });
 */
export function reply(fields: ReplyFields): AgentReply {
  return { ...fields, [replyMark]: true };
}

/** Whether `value` was made by `reply`. */
export function isReply(value: unknown): value is AgentReply {
  return hasMark(value, replyMark);
}
