import type { IncomingHttpHeaders } from "node:http";
import { type ErrorDetails, type ErrorKind, ServeError } from "../../core/error.ts";
import { HttpFailure } from "../../egress/http-failure.ts";
import { MalformedAnswer } from "./malformed.ts";
import { readError, type UpstreamError } from "./read-error.ts";
import { redact } from "./redact.ts";

/** The server's own answer to a call that failed, for the log. */
export class UpstreamFailure extends Error {
  override readonly name = "UpstreamFailure";
}

export interface FailedAnswer {
  status: number;
  headers: IncomingHttpHeaders;
  /** Its JSON, or nothing. */
  body: unknown;
  /** What must not be shown, should the server repeat it. */
  secrets: readonly string[];
}

/** Once `signal` aborted, its reason is the answer, whatever else went wrong. */
export function toServeError(thrown: unknown, signal: AbortSignal): ServeError {
  if (signal.aborted) {
    if (signal.reason instanceof ServeError) return signal.reason;
    return new ServeError("canceled", "The request was canceled.", { cause: signal.reason });
  }
  if (thrown instanceof HttpFailure) {
    return thrown.reason === "unreachable"
      ? failure("unavailable", "The model server is not reachable.", unavailable, { cause: thrown })
      : failure("upstream", "The model server broke its answer off.", failed, { cause: thrown });
  }
  if (thrown instanceof MalformedAnswer) {
    return failure("upstream", "The model server's answer is malformed.", failed, { cause: thrown });
  }
  return ServeError.from(thrown);
}

/**
 * What a client is told of an answer that is a failure. Of a request that is itself at fault the server's own words are
 * shown, without credentials and addresses: nobody else can say what is wrong with it. All other failures are the
 * server's or the operator's, and get words of ours.
 */
export function toFailure({ status, headers, body, secrets }: FailedAnswer): ServeError {
  const error = readError(body) ?? { message: "" };
  const text = redact(error.message, secrets);
  const known = failureOf(status, { ...error, message: text });
  const { kind, message, details } = known;
  const hints = retryHints(headers);
  return new ServeError(kind, `${message}${retryWords(known, hints)}`, {
    ...details,
    ...hints,
    ...(details.shouldRetry === undefined ? {} : { shouldRetry: details.shouldRetry }),
    cause: new UpstreamFailure(`Status ${status}: ${text === "" ? "no message" : text}`),
  });
}

/** What a client is told of a failure that comes within a stream, where there is no status but perhaps in its JSON. */
export function toStreamFailure(value: unknown, secrets: readonly string[]): ServeError {
  const error = readError(value) ?? { message: "" };
  const status = error.status ?? statusOf(error);
  return toFailure({ status, headers: {}, body: value, secrets });
}

interface Failure {
  kind: ErrorKind;
  message: string;
  details: ErrorDetails;
}

const failed: ErrorDetails = { code: "upstream_error" };
const unavailable: ErrorDetails = { code: "upstream_unavailable", retryAfterSeconds: 1 };

function failure(
  kind: ErrorKind,
  message: string,
  details: ErrorDetails,
  more: ErrorDetails = {},
): ServeError {
  return new ServeError(kind, message, { ...details, ...more });
}

function failureOf(status: number, error: UpstreamError): Failure {
  if (isUnauthorized(status, error)) return unauthorized;
  if (status === 400 || status === 422) return rejected(error);
  if (status === 404 && isOfModel(error)) return modelNotFound;
  if (status === 402 || error.code === "insufficient_quota") return noQuota;
  const row = rows[status];
  if (row !== undefined) return row;
  return status >= 500 ? serverFailed : unexpected;
}

// Not the client's fault and not for the client to mend, hence neither 401 nor 403.
const unauthorized: Failure = {
  kind: "upstream",
  message: "The model server refused this server's credentials.",
  details: { code: "upstream_unauthorized", shouldRetry: false },
};
const modelNotFound: Failure = {
  kind: "not_found",
  message: "The model server does not have this model.",
  details: { code: "upstream_model_not_found", param: "model" },
};
const noQuota: Failure = {
  kind: "rate_limited",
  message: "This server's quota at the model server is used up.",
  details: { code: "insufficient_quota", shouldRetry: false },
};
const serverFailed: Failure = { kind: "upstream", message: "The model server failed.", details: failed };
const unexpected: Failure = {
  kind: "upstream",
  message: "The model server does not take this kind of call.",
  details: { ...failed, shouldRetry: false },
};
const late: Failure = {
  kind: "timeout",
  message: "The model server did not answer in time.",
  details: { code: "timeout" },
};
const overloaded: Failure = {
  kind: "unavailable",
  message: "The model server is overloaded or not ready.",
  details: unavailable,
};

const rows: Readonly<Record<number, Failure>> = {
  408: late,
  409: serverFailed,
  413: {
    kind: "too_large",
    message: "The request is larger than the model server takes.",
    details: { code: "request_too_large" },
  },
  425: overloaded,
  429: {
    kind: "rate_limited",
    message: "The model server's rate limit is reached.",
    details: { code: "rate_limit_exceeded" },
  },
  503: overloaded,
  504: late,
  524: late,
  529: overloaded,
};

function rejected(error: UpstreamError): Failure {
  const { message, code = "upstream_invalid_argument", param } = error;
  const details = { code, ...(param === undefined ? {} : { param }) };
  if (isOverflow(error)) {
    // Clients look for two phrases in such a message: `maximum context length` and `exceeds the context window`.
    const words =
      "Your input exceeds the context window: it is longer than this model's maximum context length.";
    const said = /maximum context length/i.test(message) && /context window/i.test(message);
    return {
      kind: "invalid_request",
      message: said ? message : message === "" ? words : `${words} ${message}`,
      details: { ...details, code: "context_length_exceeded" },
    };
  }
  return {
    kind: "invalid_request",
    message: message === "" ? "The model server rejected the request." : message,
    details,
  };
}

const overflowText =
  /maximum context length|context (?:window|length|size)|prompt is too long|too many (?:input )?tokens|input token count/i;
const excessText = /exceed|longer than|larger than|greater than|too long|too many|maximum context length is/i;

function isOverflow({ message, code }: UpstreamError): boolean {
  if (code === "context_length_exceeded") return true;
  return overflowText.test(message) && excessText.test(message);
}

/** Some servers answer 400 to a wrong key. */
function isUnauthorized(status: number, { message, code = "" }: UpstreamError): boolean {
  if (status === 401 || status === 403) return true;
  if (status !== 400) return false;
  if (/^(?:invalid_api_key|API_KEY_INVALID)$/.test(code)) return true;
  return /\bapi[ _-]?key\b/i.test(message) && /invalid|incorrect|not valid|missing|provide/i.test(message);
}

function isOfModel({ message, code = "", param, type = "" }: UpstreamError): boolean {
  return code === "model_not_found" || param === "model" || /model/i.test(`${type} ${message}`);
}

const statusesByWord: readonly [RegExp, number][] = [
  [/rate_?limit/i, 429],
  [/insufficient_quota/i, 429],
  [/overload|unavailable/i, 503],
  [/timeout/i, 504],
  [/context_length_exceeded|invalid_?request|bad_?request|invalid_argument/i, 400],
  [/authentication|permission|invalid_api_key/i, 401],
];

function statusOf({ type = "", code = "" }: UpstreamError): number {
  return statusesByWord.find(([word]) => word.test(`${type} ${code}`))?.[1] ?? 500;
}

/** As the server gives them: for an answer to be tried again, it alone knows when. */
function retryHints(headers: IncomingHttpHeaders): ErrorDetails {
  const seconds = retryAfterSeconds(headers);
  const should = headers["x-should-retry"];
  return {
    ...(seconds === undefined ? {} : { retryAfterSeconds: seconds }),
    ...(should === "true" || should === "false" ? { shouldRetry: should === "true" } : {}),
  };
}

/** In words that clients look for. */
function retryWords({ kind, details }: Failure, { retryAfterSeconds: seconds }: ErrorDetails): string {
  const mayRetry = kind === "rate_limited" && details.shouldRetry !== false;
  return mayRetry && seconds !== undefined ? ` Please try again in ${seconds}s.` : "";
}

function retryAfterSeconds(headers: IncomingHttpHeaders): number | undefined {
  const milliseconds = headers["retry-after-ms"];
  const exact = typeof milliseconds === "string" ? Number(milliseconds) / 1_000 : Number.NaN;
  if (exact >= 0) return exact;
  const given = headers["retry-after"];
  if (given === undefined) return undefined;
  const seconds = given.trim() === "" ? Number.NaN : Number(given);
  if (seconds >= 0) return seconds;
  const date = Date.parse(given);
  return Number.isNaN(date) ? undefined : Math.max(0, (date - Date.now()) / 1_000);
}
