import type { TObject, TSchema } from "@sinclair/typebox";
import type { Backend } from "../core/generation.ts";
import type { Log } from "../core/log.ts";

/** What the operator says of one model of a backend. */
export interface ConfiguredModel {
  /** The model server's own name for it. */
  target: string;
  /** As the driver's `modelSchema` has checked them; keys under the file's names (snake_case). */
  settings: Readonly<Record<string, unknown>>;
}

/** What every driver gets besides its own part of the configuration. */
export interface DriverContext {
  /** Key of the backend in the configuration. */
  id: string;
  log: Log;
  /** Longest wait for a connection, in milliseconds. */
  connectTimeoutMs: number;
  /**
   * Models that the operator named on this backend, by public id. A driver with a `modelSchema` serves them under
   * these ids, so that several may share one target.
   */
  models?: Readonly<Record<string, ConfiguredModel>>;
  /** A variable of the environment, or of `--env-file`: for secrets, which do not stand in the configuration. */
  variable?: (name: string) => string | undefined;
}

/**
 * One kind of backend. `create` does no I/O. Its configuration is written as a closed schema in the YAML
 * file's own names (snake_case), with a literal `kind`.
 */
export interface Driver<Config = unknown> {
  configSchema: TSchema;
  /** Settings of one model, all optional; the same may stand at the backend, for all of its models. */
  modelSchema?: TObject;
  create(config: Config, context: DriverContext): Backend;
}
