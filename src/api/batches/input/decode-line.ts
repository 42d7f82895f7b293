import { ServeError } from "../../../core/error.ts";
import { isRecord, type JsonRecord } from "../../../core/json.ts";
import { checked } from "../../../http/validation.ts";
import type { Problem } from "../batch.ts";
import { BatchLine } from "../schema.ts";

/** A line that can be asked. */
export interface LineRequest {
  kind: "request";
  customId: string;
  body: JsonRecord;
}

/** One that cannot. */
export interface BrokenLine {
  kind: "broken";
  /** Where the line has one. */
  customId?: string;
  problem: Problem;
}

const check = checked(BatchLine)["~standard"];

/** The request of a line; whether its `body` can be answered shows when it is asked. */
export function decodeLine(value: JsonRecord, endpoint: string): LineRequest | BrokenLine {
  const { custom_id: customId } = value;
  try {
    const { value: line } = check.validate(value);
    assertRequest(line, endpoint);
    return { kind: "request", customId: line.custom_id, body: line.body };
  } catch (error) {
    return {
      kind: "broken",
      ...(typeof customId === "string" && customId.length <= 512 && { customId }),
      problem: toProblem(error),
    };
  }
}

function assertRequest({ method, url, body }: BatchLine, endpoint: string): void {
  if (method !== "POST") throw problem("invalid_method", "'method' must be 'POST'.", "method");
  if (url !== endpoint) throw problem("url_mismatch", "'url' must be the endpoint of the batch.", "url");
  for (const name of ["stream", "background"]) {
    if (!isRecord(body) || body[name] !== true) continue;
    const sentence = `'body.${name}' cannot be true: the answer of a line is one piece.`;
    throw problem("unsupported_value", sentence, `body.${name}`);
  }
}

function problem(code: string, sentence: string, param: string): ServeError {
  return new ServeError("invalid_request", sentence, { code, param });
}

/** What is wrong, as a batch tells it. */
export function toProblem(thrown: unknown): Problem {
  const { code = "invalid_value", message, param } = ServeError.from(thrown);
  return { code, message, ...(param !== undefined && { param }) };
}
