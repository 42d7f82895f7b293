import { ServeError } from "../core/error.ts";
import { isRecord, type JsonRecord } from "../core/json.ts";
import { unlessAborted } from "../core/unless-aborted.ts";
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
  return async ({ request }: { request: Request }): Promise<JsonRecord> =>
    givenBodies.get(request) ?? (await parseJson(await readInTime(request, limits), limits));
}

/** The same of a request that need not have a body: none says as little as an empty object. */
export function optionalJsonBody(limits: BodyLimits) {
  return async ({ request }: { request: Request }): Promise<JsonRecord> => {
    const bytes = await readInTime(request, limits);
    return bytes.length === 0 ? {} : await parseJson(bytes, limits);
  };
}

async function readInTime(request: Request, limits: BodyLimits): Promise<Uint8Array> {
  const { signal } = callOf(request);
  // A server that stops does not wait for the rest of a body.
  return await within(limits.bodyTimeoutMs, () => unlessAborted(readBytes(request, limits), signal), tooSlow);
}

/** Of requests of the server's own. */
const givenBodies = new WeakMap<Request, JsonRecord>();

/** `body` is what `request` asks with; it has gone through `parseJson`. */
export function giveBody(request: Request, body: JsonRecord): void {
  givenBodies.set(request, body);
}

/** The whole body; what is larger than the limit is not waited for. */
async function readBytes(request: Request, limits: BodyLimits): Promise<Uint8Array> {
  const declared = request.headers.get("content-length");
  if (declared !== null) {
    if (Number(declared) > limits.maxBodyBytes) throw tooLarge(limits);
    return await request.bytes();
  }
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of request.body ?? []) {
    size += part.length;
    if (size > limits.maxBodyBytes) throw tooLarge(limits);
    parts.push(part);
  }
  return Buffer.concat(parts);
}

/** The object that `bytes` are the text of. Throws `invalid_request`. */
export async function parseJson(bytes: Uint8Array, limits: ShapeLimits): Promise<JsonRecord> {
  await assertShape(bytes, limits);
  const value = parse(decode(bytes));
  if (!isRecord(value)) throw new ServeError("invalid_request", "The request body must be a JSON object.");
  return value;
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
