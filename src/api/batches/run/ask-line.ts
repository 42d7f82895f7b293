import { sleep } from "../../../core/sleep.ts";
import type { InnerRequest } from "../../../http/handler.ts";
import { encodeAnswer, encodeFailure, type LineOrigin, type LineResult } from "./encode-result.ts";
import type { RetryTimes } from "./options.ts";

export interface AskOptions {
  ask(inner: InnerRequest): Promise<Response>;
  retry: RetryTimes;
  /** No line is asked again from then on. */
  ending: AbortSignal;
}

/** Busy, or gone for a while. 529 is Anthropic's word for 503. */
const passing: ReadonlySet<number> = new Set([429, 502, 503, 504, 529]);
const maxAnswerCharacters = 33_554_432;
/** As long as any answer asks to wait. */
const maxRetryAfterMs = 60_000;

/**
 * The result of a line: of the last try, where there are several. Undefined when it was broken off, or there was to be
 * another try and is not: then the line is still to be asked.
 */
export async function askLine(
  origin: LineOrigin,
  request: InnerRequest,
  options: AskOptions,
): Promise<LineResult | undefined> {
  const { retry, ending } = options;
  for (let tried = 1; ; tried++) {
    const response = await options.ask(request);
    const text = await response.text();
    if (request.signal.aborted) return undefined;
    const isFinal = !passing.has(response.status) || response.headers.get("x-should-retry") === "false";
    if (isFinal || tried >= retry.tries) return toResult(origin, response, text);
    await sleep(waitMs(response.headers, tried, retry), AbortSignal.any([request.signal, ending]));
    if (request.signal.aborted || ending.aborted) return undefined;
  }
}

function toResult(origin: LineOrigin, { status, headers }: Response, text: string): LineResult {
  if (text.length > maxAnswerCharacters) {
    return encodeFailure(origin, {
      code: "answer_too_large",
      message: `The answer has more than ${maxAnswerCharacters} characters.`,
    });
  }
  return encodeAnswer(origin, { status, requestId: headers.get("x-request-id") ?? "", body: text });
}

/** Longer each time, and not the same for all that failed together. */
function waitMs(headers: Headers, tried: number, { firstMs, mostMs }: RetryTimes): number {
  const asked = Math.min(Number(headers.get("retry-after-ms") ?? 0), maxRetryAfterMs);
  const usual = Math.min(firstMs * 2 ** (tried - 1), mostMs) * (0.75 + Math.random() / 4);
  return Math.max(asked, usual);
}
