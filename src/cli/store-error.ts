import { ConfigError } from "../core/error.ts";
import { readStoreUrl, type StoreLocation } from "../store/location.ts";
import { describePostgres } from "../store/postgres/read-url.ts";
import { reasonOf } from "../store/unavailable.ts";

export interface StoreFailure {
  error: unknown;
  /** The name that the operator has for a setting. */
  place: (path: readonly string[]) => string;
}

/** Says which store cannot be used and why, under the name that `place` has for the setting. */
export function unusableStore(url: string, { error, place }: StoreFailure): ConfigError {
  const location = readStoreUrl(url);
  return new ConfigError(`${place(["store"])}: ${nameOf(location)} cannot be used: ${reasonOf(error)}`, {
    cause: error,
  });
}

function nameOf(location: StoreLocation): string {
  switch (location.kind) {
    case "memory":
      return "memory";
    case "sqlite":
      return `the file '${location.path}'`;
    case "postgres":
      return describePostgres(location);
  }
}
