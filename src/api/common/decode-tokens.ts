import { ServeError } from "../../core/error.ts";

/** More token ids than that in one list are refused. */
const maxTokens = 262_144;

/** A list of token ids; which of them a model has is checked where they are decoded. Throws `invalid_request`. */
export function decodeTokens(items: readonly unknown[], param: string): number[] {
  if (items.length > maxTokens) throw tooManyItems(param, maxTokens);
  const tokens: number[] = [];
  for (const item of items) {
    if (typeof item !== "number" || !Number.isInteger(item)) throw mixedItems(param);
    if (item < 0 || item > 4_294_967_295) {
      throw new ServeError("invalid_request", `'${param}' has a number that is no token.`, {
        code: "invalid_value",
        param,
      });
    }
    tokens.push(item);
  }
  return tokens;
}

/** For a list whose items are not all of the kind of the first. */
export function mixedItems(param: string): ServeError {
  return wrongType(param, "an array of one kind of item");
}

export function wrongType(param: string, expected: string): ServeError {
  return new ServeError("invalid_request", `'${param}' must be ${expected}.`, {
    code: "invalid_type",
    param,
  });
}

export function emptyList(param: string): ServeError {
  return new ServeError("invalid_request", `'${param}' must not be empty.`, { code: "empty_array", param });
}

export function tooManyItems(param: string, most: number): ServeError {
  return new ServeError("invalid_request", `'${param}' must have at most ${most} items.`, {
    code: "array_above_max_length",
    param,
  });
}
