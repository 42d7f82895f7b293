import type { TSchema } from "@sinclair/typebox";
import type { Backend } from "../core/generation.ts";
import type { Log } from "../core/log.ts";

/** What every driver gets besides its own part of the configuration. */
export interface DriverContext {
  /** Key of the backend in the configuration. */
  id: string;
  log: Log;
  /** Longest wait for a connection, in milliseconds. */
  connectTimeoutMs: number;
}

/**
 * One kind of backend. `create` does no I/O. Its configuration is written as a closed schema in the YAML
 * file's own names (snake_case), with a literal `kind`.
 */
export interface Driver<Config = unknown> {
  configSchema: TSchema;
  create(config: Config, context: DriverContext): Backend;
}
