import { ServeError } from "../../core/error.ts";

/** Ids of one kind of stored things. */
export interface IdKind {
  /** As a sentence begins with it: `Conversation`. */
  what: string;
  /** What the parameter is called: `conversation_id`. */
  param: string;
  /** Which of them are ids at all; an id may be shown. */
  form: RegExp;
}

/** The id in a path, decoded. Throws `invalid_request` for what cannot be one. */
export function pathId(id: string | null | undefined, { param, form }: IdKind): string {
  if (typeof id === "string" && form.test(id)) return id;
  throw new ServeError("invalid_request", `'${param}' in the path has not the form of such an id.`, {
    code: "invalid_value",
    param,
  });
}

/** `id` has gone through `pathId`. */
export function notFound(id: string, { what }: IdKind): ServeError {
  return new ServeError("not_found", `${what} with id '${id}' not found.`, { code: "not_found" });
}
