import { ServeError } from "../core/error.ts";
import { isRecord, type JsonRecord } from "../core/json.ts";
import { within } from "../core/within.ts";
import { callOf } from "./call.ts";
import { assertShape, type ShapeLimits } from "./json-shape.ts";

export interface BodyLimits extends ShapeLimits {
  maxBodyBytes: number;
  /** Longest wait for the whole body, in milliseconds: a trickle would otherwise live for ever. */
  bodyTimeoutMs: number;
}

/**
 * The one way a JSON body is read: size, shape, strict UTF-8, syntax, in this order, whatever the content type says.
 * For Elysia's `parse`. Throws `too_large` or `invalid_request`.
 */
export function jsonBody(limits: BodyLimits) {
  return async ({ request }: { request: Request }): Promise<JsonRecord> => {
    const declared = Number(request.headers.get("content-length") ?? 0);
    if (declared > limits.maxBodyBytes) throw tooLarge(limits);
    const { signal } = callOf(request);
    const bytes = await within(limits.bodyTimeoutMs, () => unlessAborted(request.bytes(), signal), tooSlow);
    if (bytes.length > limits.maxBodyBytes) throw tooLarge(limits);
    await assertShape(bytes, limits);
    const value = parse(decode(bytes));
    if (!isRecord(value)) throw new ServeError("invalid_request", "The request body must be a JSON object.");
    return value;
  };
}

/** A server that stops does not wait for the rest of a body. */
async function unlessAborted<Result>(work: Promise<Result>, signal: AbortSignal): Promise<Result> {
  const aborted = Promise.withResolvers<never>();
  const onAbort = () => aborted.reject(signal.reason);
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    return await Promise.race([work, aborted.promise]);
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}

function tooLarge(limits: BodyLimits): ServeError {
  return new ServeError("too_large", `The request body is larger than ${limits.maxBodyBytes} bytes.`, {
    code: "request_too_large",
  });
}

function tooSlow(): never {
  throw new ServeError("invalid_request", "The request body did not arrive in time.");
}

const decoder = new TextDecoder("utf-8", { fatal: true });

function decode(bytes: Uint8Array): string {
  try {
    return decoder.decode(bytes);
  } catch {
    throw new ServeError("invalid_request", "The request body is not valid UTF-8.");
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new ServeError("invalid_request", "The request body is not valid JSON.");
  }
}
