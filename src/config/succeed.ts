import type { Config } from "./config.ts";

/** A configuration that takes the place of another without a new start. */
export interface Successor {
  config: Config;
  /** Paths of settings that differ and only a new start can change; `config` keeps the former ones. */
  kept: readonly (readonly string[])[];
}

/** The socket and the store stay open across a reload, so what belongs to them stays as well. */
export function succeed(before: Config, after: Config): Successor {
  const keys = [
    ["host", "host"],
    ["port", "port"],
    ["maxBodyBytes", "max_body"],
    ["maxFileBytes", "max_file"],
  ] as const;
  const ofSocket = keys
    .filter(([key]) => before.listen[key] !== after.listen[key])
    .map(([, name]) => ["listen", name]);
  const kept = before.store === after.store ? ofSocket : [...ofSocket, ["store"]];
  return { config: { ...after, listen: before.listen, store: before.store }, kept };
}
