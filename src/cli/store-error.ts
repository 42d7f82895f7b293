import { ConfigError } from "../core/error.ts";
import { readStoreUrl } from "../store/location.ts";
import { reasonOf } from "../store/unavailable.ts";

export interface StoreFailure {
  error: unknown;
  /** The name that the operator has for a setting. */
  place: (path: readonly string[]) => string;
}

/** Says which store cannot be used and why, under the name that `place` has for the setting. */
export function unusableStore(url: string, { error, place }: StoreFailure): ConfigError {
  const location = readStoreUrl(url);
  const file = location.kind === "sqlite" ? `the file '${location.path}'` : "it";
  return new ConfigError(`${place(["store"])}: ${file} cannot be used: ${reasonOf(error)}`, { cause: error });
}
