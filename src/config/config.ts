import type { AgentConfig } from "../agents/config/agent-config.ts";
import type { McpServersFile, ToolsFile } from "../agents/config/tool-schema.ts";
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

/** The agents of this server and what they work with. */
export interface AgentsConfig {
  /** Files and folders of agents in TypeScript or JavaScript, as absolute paths. */
  files: readonly string[];
  definitions: Readonly<Record<string, AgentConfig>>;
  /** The only one that clients are served by (`run agent NAME`). */
  only?: string;
  /** Id under which the default agent is published (`--model`, where no other backend takes it). */
  publicId?: string;
  /** Settings of the built-in tools, by name; keys under the file's names, as the next too. */
  tools: ToolsFile;
  mcpServers: McpServersFile;
  /** Reload when a file changes. */
  watch: boolean;
  /** Processes that run the agents of files; 0 runs them in the server's own. */
  workers: number;
  limits: {
    maxIterations: number;
    maxModelCalls: number;
    maxToolCalls: number;
    maxDepth: number;
    toolTimeoutMs: number;
  };
}

export interface ConversationsConfig {
  /** Older turns are left out of what an agent is given, so that it is no longer than this. */
  maxContextTokens?: number;
  /** Since its last write; 0 keeps what is stored for ever. */
  expireMs: number;
  maxMessages: number;
  /** Of one conversation as JSON. */
  maxBytes: number;
  /** Of everything that is stored; what is usual for the store when absent. */
  maxTotalBytes?: number;
  /** Conversations, responses and so on that one key may have, each. */
  maxPerKey: number;
}

/** Everything that can be set, checked and complete. Durations are in milliseconds, sizes in bytes. */
export interface Config {
  /** Port 0 takes any free one. */
  listen: { host: string; port: number; maxBodyBytes: number; maxFileBytes: number };
  /** Distinct keys in plain text; none means that everybody may call. */
  auth: { keys: readonly string[] };
  /** Origins besides loopback ones; `*` means all. */
  cors: { origins: readonly string[] };
  limits: {
    maxConcurrency: number;
    /** Lines of batches at once. */
    batchConcurrency: number;
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
    agentMs: number;
    totalMs: number;
    clientMs: number;
  };
  stream: { headStartMs: number; keepAliveMs: number };
  shutdown: { delayMs: number; graceMs: number };
  log: { format: LogFormat; level: LogLevel; content: LogContent };
  /** At least one, unless there are agents. */
  backends: Readonly<Record<string, BackendConfig>>;
  /** By backend, for all of its models; those under `models` hold their backend's already. */
  presets: Readonly<Record<string, Presets>>;
  agents: AgentsConfig;
  conversations: ConversationsConfig;
  /** `memory:`, `sqlite:PATH` or `postgres://…`, which may hold a password. */
  store: string;
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
