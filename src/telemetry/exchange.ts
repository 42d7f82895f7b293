import { ServeError } from "../core/error.ts";
import { sessionOf } from "../core/ids.ts";
import type { Log } from "../core/log.ts";
import { describeCause } from "./cause.ts";
import { cut } from "./escape.ts";
import { isFirstReport } from "./first-report.ts";

/** How much of prompts and answers is written. */
export type ContentLogging = "preview" | "full" | "off";

/** Who counted the tokens: the model server, our count of its messages, the tokenizer, or a guess by length. */
export type TokenSource = "backend" | "edge" | "tiktoken" | "estimate";

export interface LoggedRequest {
  id: string;
  model: string;
  stream: boolean;
  /** The last user message, or the prompt. */
  message?: string;
}

export interface LoggedResponse {
  id: string;
  finish: string;
  /** Absent when nobody asked for it. */
  usage?: { promptTokens: number; completionTokens: number; source: TokenSource };
  elapsedMs: number;
  /** Text of the first choice, of which no more than `contentChars` is needed. */
  content?: string;
  toolCalls?: readonly { name: string; arguments: string }[];
}

/** The lines of one exchange with a client. */
export interface ExchangeLog {
  /** How much of an answer is worth keeping for `response`, in UTF-16 units; 0 for none. */
  readonly contentChars: number;
  request(request: LoggedRequest): void;
  response(response: LoggedResponse): void;
  /** The cause goes to this log only; a client never sees it. */
  failure(id: string, error: unknown, elapsedMs: number): void;
}

/** Longest content and longest tool arguments that are written, in UTF-16 units. */
const limits = {
  preview: { content: 100, toolArguments: 80 },
  full: { content: 262_144, toolArguments: 262_144 },
  off: { content: 0, toolArguments: 0 },
} as const;

/** What a log must let through (`LogOptions.maxChars`) for lines of this kind to be whole. */
export function maxLogChars(content: ContentLogging): number {
  return Math.max(8_192, limits[content].content + 1_024);
}

/**
 * The lines of one request, in a form that is easy to follow on a terminal. `log` is the request's own, with its id
 * bound to it; numbers are bound beside the text, for readers of JSON lines.
 */
export function createExchangeLog(log: Log, content: ContentLogging): ExchangeLog {
  const limit = limits[content];
  const writeContent = (name: string, text = "") => {
    if (limit.content > 0 && text !== "") log.info(`  ${name}: ${cut(text, limit.content, "...")}`);
  };
  const writeToolCalls = (id: string, calls: NonNullable<LoggedResponse["toolCalls"]>) => {
    if (calls.length > 0) log.info("🔧 Tool Calls", { session: sessionOf(id), count: calls.length });
    for (const [index, call] of calls.entries()) {
      const shown = limit.toolArguments > 0 ? `(${cut(call.arguments, limit.toolArguments, "...")})` : "";
      log.info(`  [${index + 1}] ${call.name}${shown}`);
    }
  };
  return {
    contentChars: limit.content === 0 ? 0 : limit.content + 1,
    request({ id, model, stream, message }) {
      log.info("→ Request", { model, stream, id });
      writeContent("Message", message);
    },
    response({ id, finish, usage, elapsedMs, toolCalls = [], content: text }) {
      writeToolCalls(id, toolCalls);
      const numbers = {
        prompt_tokens: usage?.promptTokens,
        completion_tokens: usage?.completionTokens,
        elapsed_ms: Math.round(elapsedMs),
      };
      log.child(numbers).info("← Response", {
        session: sessionOf(id),
        finish,
        tokens: usage && `${usage.promptTokens}+${usage.completionTokens}`,
        counted: usage?.source,
        time: seconds(elapsedMs),
      });
      writeContent("Content", text);
    },
    failure(id, thrown, elapsedMs) {
      if (!isFirstReport(thrown)) return;
      const error = ServeError.from(thrown);
      // What the client did wrong, or its leaving, is no fault of the server.
      const level = error.status < 500 ? "info" : "error";
      log.child({ status: error.status, elapsed_ms: Math.round(elapsedMs) })[level](`✗ ${error.message}`, {
        id,
        code: error.code ?? error.kind,
        param: error.param,
        time: seconds(elapsedMs),
        cause: describeCause(error.cause),
      });
    },
  };
}

/** The lines of what an agent asks for a client's request, which has lines of its own: one each, for debugging. */
export function createInnerExchangeLog(log: Log, callers: readonly string[]): ExchangeLog {
  const by = callers.join(" → ");
  return {
    contentChars: 0,
    request: ({ model, stream }) => log.debug("→ Request of an agent", { model, stream, by }),
    response({ finish, usage, elapsedMs }) {
      const tokens = usage && `${usage.promptTokens}+${usage.completionTokens}`;
      log.debug("← Response to an agent", { finish, tokens, time: seconds(elapsedMs), by });
    },
    failure(_id, thrown, elapsedMs) {
      const error = ServeError.from(thrown);
      log.debug(`✗ ${error.message}`, {
        code: error.code ?? error.kind,
        time: seconds(elapsedMs),
        by,
        cause: describeCause(error.cause),
      });
    },
  };
}

function seconds(milliseconds: number): string {
  return `${(milliseconds / 1_000).toFixed(2)}s`;
}
