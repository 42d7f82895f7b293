import { ServeError } from "../../core/error.ts";
import { checked } from "../../http/validation.ts";
import { CreateFileRequest } from "./schema.ts";

/** What is asked for with a file. */
export interface FileRequest {
  purpose: CreateFileRequest["purpose"];
  /** From its creation on; never by itself if absent. */
  expireInMs?: number;
}

const check = checked(CreateFileRequest)["~standard"];
const anchorField = "expires_after[anchor]";
const secondsField = "expires_after[seconds]";
/** As OpenAI keeps the input of batches. */
const batchSeconds = 2_592_000;

/** The fields of a form; `hasFile`, whether the file came with them. Throws `invalid_request`. */
export function decode(fields: ReadonlyMap<string, string>, hasFile: boolean): FileRequest {
  const texts = [...fields].filter(([name]) => name !== "file");
  const { value } = check.validate({
    ...Object.fromEntries(texts.map(([name, text]) => [name, readField(name, text)])),
    ...(hasFile && { file: "" }),
  });
  const { purpose, [anchorField]: anchor, [secondsField]: seconds } = value;
  if ((anchor === undefined) !== (seconds === undefined)) {
    const missing = anchor === undefined ? anchorField : secondsField;
    throw new ServeError("invalid_request", `'${missing}' is required, but it is missing.`, {
      code: "missing_required_parameter",
      param: missing,
    });
  }
  const standard = purpose === "batch" ? batchSeconds : undefined;
  const expireInSeconds = seconds ?? standard;
  return { purpose, ...(expireInSeconds !== undefined && { expireInMs: expireInSeconds * 1_000 }) };
}

function readField(name: string, text: string): unknown {
  return name === secondsField && /^\d{1,15}$/.test(text) ? Number(text) : text;
}
