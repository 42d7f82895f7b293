import { ServeError } from "../../../core/error.ts";
import { isRecord, type JsonRecord } from "../../../core/json.ts";

/**
 * Throws `invalid_request` for a part that no model would be shown and the client must not believe shown: what only
 * another server has. `param` is where the items stand.
 */
export function assertReadable(items: readonly JsonRecord[], param: string): void {
  for (const [position, item] of items.entries()) {
    for (const field of ["content", "output"]) {
      const parts = item[field];
      if (!Array.isArray(parts)) continue;
      for (const [index, part] of parts.entries()) {
        const unreadable = isRecord(part) ? unreadableField(part) : undefined;
        if (unreadable !== undefined)
          throw unsupported(`${param}[${position}].${field}[${index}].${unreadable}`);
      }
    }
  }
}

function unreadableField({
  type,
  image_url: image,
  file_data: data,
  file_id: id,
}: JsonRecord): string | undefined {
  if (type === "input_image" && typeof image !== "string") return "image_url";
  if (type === "input_file" && typeof data !== "string" && typeof id !== "string") return "file_data";
  return undefined;
}

function unsupported(param: string): ServeError {
  return new ServeError("invalid_request", `'${param}' is needed: nothing is fetched from elsewhere.`, {
    code: "unsupported_value",
    param: param.slice(0, 256),
  });
}
