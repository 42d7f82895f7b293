import type { Sampling } from "../core/generation.ts";
import type { drivers } from "../drivers/index.ts";

export type DriverKind = keyof typeof drivers;
export type LogFormat = "pretty" | "json";
export type LogLevel = "debug" | "info" | "warn" | "error";
export type LogContent = "preview" | "full" | "off";

/** One backend as its driver's own schema has checked it; keys under the file's names (snake_case). */
export interface BackendConfig {
  readonly kind: DriverKind;
  readonly [key: string]: unknown;
}

/** Fields of a request as the operator gives them, in the form of a `GenerationRequest`. */
export interface GenerationSettings {
  sampling: Sampling;
  reasoning?: { effort: string };
  /** Under their wire names. */
  extra: Readonly<Record<string, unknown>>;
}

/** What the operator decides about every request to a model. */
export interface Presets {
  /** For what the client leaves out. */
  defaults?: GenerationSettings;
  /** Instead of what the client gives. */
  overrides?: GenerationSettings;
}

/** A model under a public id of the operator's choice. */
export interface ModelConfig extends Presets {
  /** Key of one of the backends. */
  backend: string;
  /** The backend's own name for it; the public id when absent. */
  target?: string;
  aliases?: readonly string[];
  /** Overrides the global one. */
  tokenModel?: string;
  maxContextTokens?: number;
  /** What belongs to the backend's driver, as its `modelSchema` has checked it; keys under the file's names. */
  settings: Readonly<Record<string, unknown>>;
}

/** Everything that can be set, checked and complete. Durations are in milliseconds, sizes in bytes. */
export interface Config {
  /** Port 0 takes any free one. */
  listen: { host: string; port: number; maxBodyBytes: number };
  /** Distinct keys in plain text; none means that everybody may call. */
  auth: { keys: readonly string[] };
  /** Origins besides loopback ones; `*` means all. */
  cors: { origins: readonly string[] };
  limits: {
    maxConcurrency: number;
    maxQueue: number;
    maxJsonDepth: number;
    maxJsonValues: number;
    maxMessages: number;
    /** Further calls for an answer that breaks its `response_format` or `tool_choice`. */
    maxRepairs: number;
  };
  /** Refuses what cannot be honoured instead of naming it in a header. */
  strict: boolean;
  /** A `totalMs` of 0 means no limit; `clientMs` is for a client that does not read its stream. */
  timeouts: {
    connectMs: number;
    firstTokenMs: number;
    betweenTokensMs: number;
    totalMs: number;
    clientMs: number;
  };
  stream: { headStartMs: number; keepAliveMs: number };
  shutdown: { delayMs: number; graceMs: number };
  log: { format: LogFormat; level: LogLevel; content: LogContent };
  /** At least one. */
  backends: Readonly<Record<string, BackendConfig>>;
  /** By backend, for all of its models; those under `models` hold their backend's already. */
  presets: Readonly<Record<string, Presets>>;
  /** By public id; may be empty, then each backend's own models are served. */
  models: Readonly<Record<string, ModelConfig>>;
  /** Id that answers requests which name no model. */
  defaultModel?: string;
  /** Id under which the default backend's model is published (`--model`). */
  publicModel?: string;
  /**
   * Key of the (first) backend that came from flags or the environment, or of the demo when nothing is configured:
   * its model is the default even if there are more. Absent when only the file names backends.
   */
  defaultBackend?: string;
  /** Name that selects the tokenizer, such as `gpt-4`. */
  tokenModel: string;
  maxContextTokens?: number;
}
