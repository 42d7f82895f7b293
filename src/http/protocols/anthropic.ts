import type { ServeError } from "../../core/error.ts";
import type { Protocol } from "./protocol.ts";

/** Anthropic's envelope, as the body of an answer and as the last event of a stream. */
export interface AnthropicErrorBody {
  type: "error";
  error: { type: string; message: string; details?: { error_code: string } };
  request_id: string;
}

/** Its clients' helpers ask for a conversation to be held, and send it whole once they are told this. */
export const threadUnsupported = "thread_unsupported_request";

/** Codes of ours that its clients know. */
const toldCodes: ReadonlySet<string> = new Set([threadUnsupported]);

/** It has no place for the field at fault, which stands in front of the message that does not name it. */
export function toAnthropicError(error: ServeError, requestId: string): AnthropicErrorBody {
  const { param, message, code } = error;
  const isNamed = param === undefined || message.includes(param);
  return {
    type: "error",
    error: {
      type: error.anthropic.type,
      message: isNamed ? message : `${param}: ${message}`,
      ...(code !== undefined && toldCodes.has(code) && { details: { error_code: code } }),
    },
    request_id: requestId,
  };
}

/** Sent by every client of Anthropic's. */
export const anthropicVersion = "anthropic-version";

export const anthropic: Protocol = {
  failure: (error, requestId) => ({
    status: error.anthropic.status,
    body: toAnthropicError(error, requestId),
  }),
  headers: ({ requestId }) => ({ "request-id": requestId }),
};
