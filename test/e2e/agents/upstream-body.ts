import type { UpstreamBody } from "../../support/upstream/upstream.ts";

/** A message as an upstream gets it. */
export interface UpstreamMessage {
  role: string;
  content: string;
  toolCalls: readonly { id: string; name: string; arguments: string }[];
  toolCallId?: string;
}

interface WireMessage {
  role: string;
  content?: string | readonly { text?: string }[] | null;
  tool_calls?: readonly { id: string; function: { name: string; arguments: string } }[];
  tool_call_id?: string;
}

/** The conversation of a request to an upstream, with every content as text. */
export function messagesOf(body: UpstreamBody): UpstreamMessage[] {
  return wire(body).messages.map(({ role, content, tool_calls = [], tool_call_id }) => ({
    role,
    content: toText(content),
    toolCalls: tool_calls.map((call) => ({ id: call.id, ...call.function })),
    ...(tool_call_id !== undefined && { toolCallId: tool_call_id }),
  }));
}

/** Text of the last message of a role; empty if there is none. */
export function lastText(body: UpstreamBody, role: string): string {
  return messagesOf(body).findLast((message) => message.role === role)?.content ?? "";
}

/** Text of everything that instructs the model. */
export function instructionsOf(body: UpstreamBody): string[] {
  return messagesOf(body)
    .filter(({ role }) => role === "system" || role === "developer")
    .map(({ content }) => content);
}

/** Names of the tools that are offered to the model. */
export function toolNamesOf(body: UpstreamBody): string[] {
  return wire(body).tools.map((tool) => tool.function.name);
}

interface WireBody {
  messages: readonly WireMessage[];
  tools: readonly { function: { name: string } }[];
}

function wire(body: UpstreamBody): WireBody {
  return { messages: [], tools: [], ...JSON.parse(JSON.stringify(body)) };
}

function toText(content: WireMessage["content"]): string {
  if (typeof content === "string") return content;
  return (content ?? []).map(({ text = "" }) => text).join("");
}
