import type { Message } from "@anthropic-ai/sdk/resources/messages";
import { type MessageEvent, messageEvents } from "./message-events.ts";
import { type Answer, post } from "./wire.ts";

/** The shortest request, and what it says. */
export const hello = {
  max_tokens: 100,
  messages: [{ role: "user" as const, content: "Hi" }],
};

export interface ErrorAnswer {
  type: "error";
  error: { type: string; message: string };
  request_id: string;
}

/** Posts a request that has `hello` for what is not given. */
export function postMessage(
  url: string,
  body: Readonly<Record<string, unknown>> = {},
  headers: Record<string, string> = {},
): Promise<Answer<Message>> {
  return post<Message>(`${url}/v1/messages`, { ...hello, ...body }, headers);
}

/** The same for a stream, which is read to its end. */
export async function streamMessage(
  url: string,
  body: Readonly<Record<string, unknown>> = {},
): Promise<{ headers: Headers; events: MessageEvent[]; text: string }> {
  const answer = await postMessage(url, { ...body, stream: true });
  if (answer.status !== 200) throw new Error(`expected a stream, got ${answer.status}: ${answer.text}`);
  return { headers: answer.headers, events: messageEvents(answer.text), text: answer.text };
}

/** The text of an answer. */
export function textOf({ content }: Message): string {
  return content.map((block) => (block.type === "text" ? block.text : "")).join("");
}
