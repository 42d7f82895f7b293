import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { BusboyInstance } from "@fastify/busboy";
import { ServeError } from "../core/error.ts";
import { abortable } from "../core/stream.ts";
import { within } from "../core/within.ts";
import { callOf } from "./call.ts";

/** A file in a form, while it comes in. */
export interface FormFile {
  /** The last part of what the client called it. */
  filename: string;
  bytes: AsyncIterable<Uint8Array>;
}

export interface FormOptions {
  /** Name of the one field that is a file; others that are files are passed over. */
  fileField: string;
  maxFileBytes: number;
  /** Longest wait for the whole form, in milliseconds. */
  timeoutMs: number;
  /** Takes the file; as long as it does not go on, nothing more is read from the client. */
  onFile(file: FormFile): Promise<void>;
}

const maxFields = 8;
const maxFieldBytes = 1_024;
/** What may stand around the file. */
const formBytes = 1 << 20;

/**
 * Reads a `multipart/form-data` body as it comes: the file goes to `onFile`, the other fields are given. Rejects with
 * `invalid_request` or `too_large`, and as `onFile` does; then the file may have come in part.
 */
export async function readForm(request: Request, options: FormOptions): Promise<ReadonlyMap<string, string>> {
  const contentType = request.headers.get("content-type") ?? "";
  if (!/^multipart\/form-data\s*;/i.test(contentType))
    throw invalid("The request body must be multipart/form-data.");
  const length = Number(request.headers.get("content-length") ?? 0);
  if (length > options.maxFileBytes + formBytes) throw tooLarge(options);
  const form = await createForm(contentType, options);
  const failure = new AbortController();
  const signal = AbortSignal.any([failure.signal, callOf(request).signal]);
  const reading = collectForm(form, { ...options, signal, fail: (reason) => failure.abort(reason) });
  try {
    await within(
      options.timeoutMs,
      () => pipeline(Readable.from(request.body ?? []), form, { signal }),
      () => {
        throw invalid("The request body did not arrive in time.");
      },
    );
    await reading.file();
    signal.throwIfAborted();
  } catch (error) {
    const reason = signal.aborted ? signal.reason : error;
    failure.abort(reason);
    await reading.file();
    throw toFormError(reason);
  }
  return reading.fields;
}

async function createForm(contentType: string, { maxFileBytes }: FormOptions): Promise<BusboyInstance> {
  const busboy = await import("@fastify/busboy");
  try {
    return new busboy.Busboy({
      headers: { "content-type": contentType },
      limits: {
        fields: maxFields,
        fieldSize: maxFieldBytes,
        files: 2,
        parts: maxFields + 2,
        headerPairs: 16,
        headerSize: 8_192,
        // One more, so that a file of exactly the limit is not said to be cut.
        fileSize: maxFileBytes + 1,
      },
    });
  } catch {
    throw invalid("The content type of the request body has no boundary.");
  }
}

interface FormReading {
  fields: ReadonlyMap<string, string>;
  /** Resolves once nobody is busy with the file any more. */
  file(): Promise<void>;
}

interface CollectOptions extends FormOptions {
  signal: AbortSignal;
  /** Takes the first thing that is wrong. */
  fail(reason: unknown): void;
}

function collectForm(form: BusboyInstance, options: CollectOptions): FormReading {
  const fail = (reason: unknown) => options.fail(reason);
  const fields = new Map<string, string>();
  let taking: Promise<void> | undefined;
  form.on("field", (name, value, nameIsCut, valueIsCut) => {
    if (fields.has(name)) fail(invalid("The form has a field twice.", name));
    else if (nameIsCut || valueIsCut) fail(invalid("A field of the form is too long.", name));
    else fields.set(name, value);
  });
  form.on("file", (name, stream, filename) => {
    // Whoever reads it is told; without this, the process would be as well.
    stream.on("error", () => {});
    if (name !== options.fileField) stream.resume();
    else if (taking !== undefined) fail(invalid(`'${name}' must be one file.`, name));
    else taking = options.onFile({ filename, bytes: bounded(stream, options) }).catch(fail);
  });
  for (const limit of ["fieldsLimit", "filesLimit", "partsLimit"] as const) {
    form.on(limit, () => fail(invalid("The form has too many fields.")));
  }
  return { fields, file: async () => await taking };
}

async function* bounded(
  stream: AsyncIterable<Uint8Array>,
  options: CollectOptions,
): AsyncGenerator<Uint8Array> {
  let size = 0;
  // A form that ends in the middle does not always say so to its files.
  for await (const bytes of abortable(stream, options.signal)) {
    size += bytes.length;
    if (size > options.maxFileBytes) throw tooLarge(options);
    yield bytes;
  }
}

/** What the parser and the stream throw says nothing to a client. */
function toFormError(thrown: unknown): ServeError {
  if (thrown instanceof ServeError) return thrown;
  return invalid("The request body is not a whole multipart/form-data form.", undefined, thrown);
}

function invalid(message: string, param?: string, cause?: unknown): ServeError {
  return new ServeError("invalid_request", message, {
    ...(param !== undefined && { param: param.slice(0, 128), code: "invalid_value" }),
    cause,
  });
}

function tooLarge({ fileField, maxFileBytes }: FormOptions): ServeError {
  return new ServeError("too_large", `'${fileField}' is larger than ${maxFileBytes} bytes.`, {
    code: "request_too_large",
    param: fileField,
  });
}
