import { createId } from "../../../core/ids.ts";
import { isRecord } from "../../../core/json.ts";
import type { BatchUsage, Problem } from "../batch.ts";
import { encodeProblem } from "../encode.ts";

/** What became of a line, as it is written. */
export interface LineResult {
  index: number;
  /** One for the file of answers, else for the file of errors. */
  isAnswer: boolean;
  /** With its line break. */
  text: string;
  usage?: BatchUsage;
}

/** The line that has a result. */
export interface LineOrigin {
  index: number;
  line: number;
  customId?: string;
}

/** An answer over HTTP. */
export interface LineAnswer {
  status: number;
  requestId: string;
  /** JSON text. */
  body: string;
}

export function encodeAnswer(origin: LineOrigin, { status, requestId, body }: LineAnswer): LineResult {
  const isAnswer = status === 200;
  const head = JSON.stringify({ status_code: status, request_id: requestId });
  // Line breaks in JSON text stand between values only.
  const response = `${head.slice(0, -1)},"body":${body.replaceAll("\n", " ")}}`;
  return {
    index: origin.index,
    isAnswer,
    text: toLine(origin, response, "null"),
    ...(isAnswer && { usage: decodeUsage(JSON.parse(body)) }),
  };
}

export function encodeFailure(origin: LineOrigin, problem: Problem): LineResult {
  const error = JSON.stringify(encodeProblem({ ...problem, line: origin.line }));
  return { index: origin.index, isAnswer: false, text: toLine(origin, "null", error) };
}

/** `response` and `error` are JSON text. */
function toLine({ customId }: LineOrigin, response: string, error: string): string {
  const head = JSON.stringify({ id: createId("batch_req_", 24), custom_id: customId ?? null });
  return `${head.slice(0, -1)},"response":${response},"error":${error}}\n`;
}

/** The tokens of an answer, by the names that the surfaces give them. */
function decodeUsage(body: unknown): BatchUsage {
  const usage = recordAt(body, "usage");
  return {
    inputTokens: numberAt(usage, "prompt_tokens", "input_tokens"),
    cachedTokens: Math.max(
      numberAt(recordAt(usage, "prompt_tokens_details"), "cached_tokens"),
      numberAt(recordAt(usage, "input_tokens_details"), "cached_tokens"),
      numberAt(usage, "cache_read_input_tokens"),
    ),
    outputTokens: numberAt(usage, "completion_tokens", "output_tokens"),
    reasoningTokens: Math.max(
      numberAt(recordAt(usage, "completion_tokens_details"), "reasoning_tokens"),
      numberAt(recordAt(usage, "output_tokens_details"), "reasoning_tokens"),
    ),
  };
}

function recordAt(value: unknown, name: string): unknown {
  return isRecord(value) ? value[name] : undefined;
}

/** The first of these numbers that is there. */
function numberAt(value: unknown, ...names: readonly string[]): number {
  const numbers = names.map((name) => recordAt(value, name));
  return numbers.find((number) => typeof number === "number") ?? 0;
}
