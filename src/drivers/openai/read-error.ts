import { isRecord, type JsonRecord } from "../../core/json.ts";

/** What a server says of a failure, in any of the forms that are about. */
export interface UpstreamError {
  message: string;
  code?: string;
  param?: string;
  type?: string;
  /** An HTTP status, where it stands in the body. */
  status?: number;
}

/**
 * Reads `{ error: { message, code, param, type } }`, the same in a list (Gemini), a bare string (`error`, `detail`,
 * `message`), and FastAPI's list of details. Undefined for what is none of these.
 */
export function readError(value: unknown): UpstreamError | undefined {
  if (Array.isArray(value)) return value.length === 0 ? undefined : readError(value[0]);
  if (!isRecord(value)) return undefined;
  const { error, detail } = value;
  if (typeof error === "string") return { ...readFields(value), message: error };
  if (isRecord(error)) return readFields(error);
  if (typeof detail === "string") return { message: detail };
  if (isRecord(detail)) return readError(detail) ?? readFields(detail);
  if (Array.isArray(detail)) return readDetails(detail);
  const isPlain = value["object"] === "error" || value["type"] === "error" || !("choices" in value);
  return isPlain && typeof value["message"] === "string" ? readFields(value) : undefined;
}

function readFields(error: JsonRecord): UpstreamError {
  const { message, code, param, type, status } = error;
  const number = [code, status].map(Number).find(isFailureStatus);
  return {
    message: typeof message === "string" ? message : "",
    ...(typeof code === "string" && codeForm.test(code) ? { code } : {}),
    ...(typeof param === "string" && paramForm.test(param) ? { param } : {}),
    ...(typeof type === "string" ? { type } : {}),
    ...(number === undefined ? {} : { status: number }),
  };
}

/** As `{ loc: ["body", "stream_options"], msg: "Extra inputs are not permitted" }`. */
function readDetails(details: readonly unknown[]): UpstreamError | undefined {
  const [first] = details;
  if (!isRecord(first)) return undefined;
  const { loc, msg } = first;
  const places: readonly unknown[] = Array.isArray(loc) ? loc : [];
  const param = places
    .filter((place) => place !== "body")
    .map((place) => (typeof place === "number" ? `[${place}]` : `.${String(place)}`))
    .join("")
    .replace(/^\./, "");
  return {
    message: typeof msg === "string" ? msg : "",
    ...(paramForm.test(param) ? { param } : {}),
  };
}

/** Words, not numbers, which are statuses. */
const codeForm = /^(?!\d+$)[\w.-]{1,64}$/;
const paramForm = /^[\w.[\]-]{1,128}$/;

function isFailureStatus(status: number): boolean {
  return Number.isInteger(status) && status >= 400 && status <= 599;
}
