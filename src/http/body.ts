import type { TSchema } from "@sinclair/typebox";
import { ServeError } from "../core/error.ts";
import { createValidator } from "./validation.ts";

export interface BodyLimits {
  maxBodyBytes: number;
  maxJsonDepth: number;
  /** Longest wait for the whole body, in milliseconds: a trickle would otherwise live for ever. */
  bodyTimeoutMs: number;
}

/** Checks that come before the schema, because they are cheap and the schema's are not. */
export type Precheck = (body: Readonly<Record<string, unknown>>) => void;

/**
 * The one way a JSON body is read: size, depth, strict UTF-8, syntax, schema, in this order, whatever the content
 * type says. For Elysia's `parse`. Throws `too_large` or `invalid_request`.
 */
export function jsonBody(schema: TSchema, limits: BodyLimits, precheck: Precheck = () => {}) {
  const validate = createValidator(schema);
  return async ({ request }: { request: Request }): Promise<unknown> => {
    const value = await readJson(request, limits);
    precheck(value);
    validate(value);
    return value;
  };
}

async function readJson(request: Request, limits: BodyLimits): Promise<Record<string, unknown>> {
  const declared = Number(request.headers.get("content-length") ?? 0);
  if (declared > limits.maxBodyBytes) throw tooLarge(limits);
  const bytes = await readBytes(request, limits);
  if (bytes.length > limits.maxBodyBytes) throw tooLarge(limits);
  await assertDepth(bytes, limits.maxJsonDepth);
  let value: unknown;
  try {
    value = JSON.parse(decode(bytes));
  } catch (error) {
    if (error instanceof ServeError) throw error;
    throw new ServeError("invalid_request", "The request body is not valid JSON.");
  }
  if (!isRecord(value)) {
    throw new ServeError("invalid_request", "The request body must be a JSON object.");
  }
  return value;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

async function readBytes(request: Request, limits: BodyLimits): Promise<Uint8Array> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new ServeError("invalid_request", "The request body did not arrive in time."));
    }, limits.bodyTimeoutMs);
  });
  try {
    return await Promise.race([request.bytes(), late]);
  } finally {
    clearTimeout(timer);
  }
}

function tooLarge(limits: BodyLimits): ServeError {
  return new ServeError("too_large", `The request body is larger than ${limits.maxBodyBytes} bytes.`, {
    code: "request_too_large",
  });
}

const decoder = new TextDecoder("utf-8", { fatal: true });

function decode(bytes: Uint8Array): string {
  try {
    return decoder.decode(bytes);
  } catch {
    throw new ServeError("invalid_request", "The request body is not valid UTF-8.");
  }
}

const quote = 0x22;
const backslash = 0x5c;
const sliceBytes = 1 << 20;

/**
 * JSON.parse survives any depth, JSON.stringify does not: too deep a body would fail later, in a worse place.
 * Strings are skipped natively; a large body is scanned in slices, so that other requests go on.
 */
async function assertDepth(bytes: Uint8Array, maxDepth: number): Promise<void> {
  let depth = 0;
  let nextPause = sliceBytes;
  for (let index = 0; index < bytes.length; index++) {
    const byte = bytes[index];
    if (byte === 0x7b || byte === 0x5b) {
      depth++;
      if (depth > maxDepth) {
        throw new ServeError("invalid_request", `The request body is nested deeper than ${maxDepth} levels.`);
      }
    } else if (byte === 0x7d || byte === 0x5d) {
      depth--;
    } else if (byte === quote) {
      index = endOfString(bytes, index + 1);
    }
    if (index >= nextPause) {
      nextPause = index + sliceBytes;
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
}

/** Index of the closing quote of the string whose first character is at `start`. */
function endOfString(bytes: Uint8Array, start: number): number {
  for (let end = bytes.indexOf(quote, start); end !== -1; end = bytes.indexOf(quote, end + 1)) {
    let before = end - 1;
    while (before >= start && bytes[before] === backslash) before--;
    if ((end - 1 - before) % 2 === 0) return end;
  }
  return bytes.length;
}
