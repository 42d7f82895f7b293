import type { CallContext, EventBatch, GenerationRequest, Prompt } from "../core/generation.ts";
import type { ExchangeLog, TokenSource } from "../telemetry/exchange.ts";

export interface Observed {
  /** The id that the client is answered with. */
  model: string;
  requests: readonly GenerationRequest[];
  context: CallContext;
}

/** Sees every event of one request on its way to the client and changes none. */
export interface Observer {
  events(batch: EventBatch): void;
  end(source: TokenSource | undefined): void;
  failed(error: unknown): void;
}

/** Writes the lines of one exchange; of the answer it keeps no more than the log will show. */
export function observe({ model, requests, context }: Observed, log: ExchangeLog): Observer {
  const startedAt = performance.now();
  const [first] = requests;
  const toolCalls: { name: string; arguments: string }[] = [];
  let content = "";
  let finish = "";
  let usage: { promptTokens: number; completionTokens: number } | undefined;
  log.request({
    id: context.requestId,
    model,
    stream: first?.stream ?? false,
    ...(log.contentChars === 0 || first === undefined ? {} : { message: lastText(first.prompt) }),
  });
  return {
    events(batch) {
      for (const event of batch) {
        switch (event.type) {
          case "text-delta":
            if (event.choice === 0 && content.length < log.contentChars) content += event.text;
            break;
          case "tool-call-start":
            if (event.choice === 0) toolCalls[event.index] = { name: event.name, arguments: "" };
            break;
          case "tool-call-delta": {
            const call = event.choice === 0 ? toolCalls[event.index] : undefined;
            if (call !== undefined && call.arguments.length < log.contentChars)
              call.arguments += event.arguments;
            break;
          }
          case "finish":
            if (event.choice === 0) finish = event.reason;
            break;
          case "usage":
            usage = event.usage;
            break;
          case "reasoning-delta":
          case "refusal-delta":
          case "metadata":
            break;
        }
      }
    },
    end(source) {
      log.response({
        id: context.requestId,
        finish,
        elapsedMs: performance.now() - startedAt,
        content,
        toolCalls,
        ...(usage === undefined || source === undefined ? {} : { usage: { ...usage, source } }),
      });
    },
    failed(error) {
      log.failure(context.requestId, error, performance.now() - startedAt);
    },
  };
}

function lastText(prompt: Prompt): string {
  if (prompt.kind === "tokens") return `${prompt.tokens.length} tokens`;
  if (prompt.kind === "text") return prompt.text;
  const message = prompt.messages.findLast(({ role }) => role === "user") ?? prompt.messages.at(-1);
  return (message?.content ?? []).map((part) => ("text" in part ? part.text : `[${part.type}]`)).join("");
}
