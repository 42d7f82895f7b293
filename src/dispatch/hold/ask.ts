import type { GenerationRequest, Message } from "../../core/generation.ts";
import type { Demand } from "./demand.ts";

/**
 * `request` with a system message that says in words what `demand` is. It stands in front, in the system message
 * that is there already if there is one: many chat templates refuse a system message anywhere else, or a second one.
 */
export function askInWords(request: GenerationRequest, demand: Demand): GenerationRequest {
  const words = wordsFor(demand, request.tools.length > 0 && request.toolChoice.mode !== "none");
  if (words === "" || request.prompt.kind !== "messages") return request;
  return { ...request, prompt: { kind: "messages", messages: withSystem(request.prompt.messages, words) } };
}

/** What has to be called, in words. */
export function callWords(calls: ReadonlySet<string>): string {
  const names = [...calls];
  return names.length === 1 ? `the tool ${names[0]}` : `one of the tools ${names.slice(0, 32).join(", ")}`;
}

function wordsFor({ format, calls }: Demand, hasTools: boolean): string {
  // Arguments of strict tools need no words: the schema stands with the tool.
  if (calls !== undefined) return `Answer with a call of ${callWords(calls)}, and with nothing else.`;
  if (format === undefined) return "";
  const when = hasTools ? "When you answer and call no tool, answer" : "Answer";
  const only = `${when} with one JSON object and nothing else: no words around it and no code fence.`;
  if (format.output.kind === "json") return only;
  const value = only.replace("one JSON object", "one JSON value");
  return `${value} It has to satisfy this JSON Schema:\n${JSON.stringify(format.schema)}`;
}

function withSystem(messages: readonly Message[], words: string): readonly Message[] {
  const [first, ...rest] = messages;
  if (first?.role === "system" || first?.role === "developer") {
    return [{ ...first, content: [...first.content, { type: "text", text: `\n\n${words}` }] }, ...rest];
  }
  return [{ role: "system", content: [{ type: "text", text: words }] }, ...messages];
}
