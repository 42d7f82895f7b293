import { ServeError } from "../../core/error.ts";

/** Throws `invalid_request` that names the first of the fields that have no effect on any backend. */
export function refuseIgnored([name]: readonly string[]): void {
  if (name === undefined) return;
  const param = name.slice(0, 64);
  throw new ServeError("invalid_request", `'${param}' is not supported here.`, {
    code: "unsupported_parameter",
    param,
  });
}
