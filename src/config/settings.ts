import { backendSettings } from "./backend-settings.ts";
import type { Setting } from "./setting.ts";

/** Every flag, in the order of the help. */
export const settings: readonly Setting[] = [
  ...backendSettings,
  {
    flag: "--agent <file|folder>",
    group: "Agents:",
    help: "agents in TypeScript or JavaScript to serve; repeatable",
    path: ["agent_files"],
    kind: "list",
  },
  {
    flag: "--watch",
    group: "Agents:",
    help: "load their files again when they change",
    path: ["watch"],
    kind: "switch",
  },
  {
    flag: "--agent-workers <count>",
    group: "Agents:",
    help: "processes that run them; 0 runs them in the server's own",
    standard: "0",
    path: ["agent_workers"],
    kind: "integer",
  },
  {
    flag: "--max-iterations <count>",
    group: "Agents:",
    help: "most questions to its model for one answer of an agent",
    standard: "10",
    path: ["agent_limits", "max_iterations"],
    kind: "integer",
  },
  {
    flag: "--model <name>",
    group: "Models:",
    help: "the model's name, for a server that does not list its models; else the id to publish its model, or the default agent, under",
    path: ["public_model"],
    alias: "OPENAI_COMPAT_MODEL_NAME",
  },
  {
    flag: "--default-model <id>",
    group: "Models:",
    help: "model for requests that name none",
    path: ["default_model"],
  },
  {
    flag: "--token-model <name>",
    group: "Models:",
    help: "model whose tokenizer counts tokens",
    standard: "gpt-4",
    path: ["token_model"],
    alias: "OPENAI_COMPAT_TOKEN_MODEL",
  },
  {
    flag: "--max-context-tokens <count>",
    group: "Models:",
    help: "context size, if the backend does not say it",
    path: ["max_context_tokens"],
    kind: "integer",
    alias: "OPENAI_COMPAT_MAX_CONTEXT_TOKENS",
  },
  {
    flag: "--host <address>",
    group: "Server:",
    help: "address to listen on",
    standard: "127.0.0.1",
    path: ["listen", "host"],
  },
  {
    flag: "--port <port>",
    group: "Server:",
    help: "port to listen on, 0 for any free one",
    standard: "8080",
    path: ["listen", "port"],
    kind: "integer",
    alias: "OPENAI_COMPAT_PORT",
  },
  {
    flag: "--max-body <size>",
    group: "Server:",
    help: "largest request body",
    standard: "32MiB",
    path: ["listen", "max_body"],
  },
  {
    flag: "--max-file <size>",
    group: "Server:",
    help: "largest file that can be uploaded",
    standard: "100MiB",
    path: ["listen", "max_file"],
  },
  {
    flag: "--store <url>",
    group: "Server:",
    help: "where things are kept: memory:, sqlite:PATH or postgres://...",
    standard: "a file in the state directory",
    path: ["store"],
  },
  {
    flag: "--max-concurrency <count>",
    group: "Server:",
    help: "generations that run at once",
    standard: "1024",
    path: ["limits", "max_concurrency"],
    kind: "integer",
  },
  {
    flag: "--batch-concurrency <count>",
    group: "Server:",
    help: "lines of batches that run at once, never more than half of the above",
    standard: "4",
    path: ["limits", "batch_concurrency"],
    kind: "integer",
  },
  {
    flag: "--max-repairs <count>",
    group: "Server:",
    help: "how often to ask again when an answer breaks its response_format or tool_choice",
    standard: "2",
    path: ["limits", "max_repairs"],
    kind: "integer",
  },
  {
    flag: "--strict",
    group: "Server:",
    help: "refuse what cannot be honoured and fields that OpenAI's API does not know",
    path: ["strict"],
    kind: "switch",
  },
  {
    flag: "--cors-origin <origin>",
    group: "Access:",
    help: "web origin that may call besides loopback ones, * for all; repeatable",
    path: ["cors", "origins"],
    kind: "list",
  },
  {
    flag: "--api-key <key>",
    group: "Access:",
    help: "key that clients must send, repeatable; process lists show it, so prefer the next",
    path: ["auth", "keys"],
  },
  {
    flag: "--api-key-file <file>",
    group: "Access:",
    help: "file with one key a line, # starts a comment",
  },
  {
    flag: "--connect-timeout <duration>",
    group: "Times:",
    help: "longest wait for a connection to a backend",
    standard: "5s",
    path: ["timeouts", "connect"],
  },
  {
    flag: "--first-token-timeout <duration>",
    group: "Times:",
    help: "longest wait for the first token",
    standard: "10m",
    path: ["timeouts", "first_token"],
  },
  {
    flag: "--token-timeout <duration>",
    group: "Times:",
    help: "longest wait between two tokens",
    standard: "2m",
    path: ["timeouts", "between_tokens"],
  },
  {
    flag: "--agent-timeout <duration>",
    group: "Times:",
    help: "longest silence of an agent, instead of the two for tokens",
    standard: "10m",
    path: ["timeouts", "agent"],
  },
  {
    flag: "--total-timeout <duration>",
    group: "Times:",
    help: "longest generation, 0 for no limit",
    standard: "0s",
    path: ["timeouts", "total"],
  },
  {
    flag: "--client-timeout <duration>",
    group: "Times:",
    help: "longest wait for a client that does not read its stream",
    standard: "2m",
    path: ["timeouts", "client"],
  },
  {
    flag: "--head-start <duration>",
    group: "Times:",
    help: "wait for the first token before a stream's headers are sent",
    standard: "2s",
    path: ["stream", "head_start"],
  },
  {
    flag: "--keep-alive <duration>",
    group: "Times:",
    help: "silence after which a stream gets a comment",
    standard: "10s",
    path: ["stream", "keep_alive"],
  },
  {
    flag: "--shutdown-delay <duration>",
    group: "Times:",
    help: "on SIGTERM, serve on for so long while reporting not ready",
    standard: "0s",
    path: ["shutdown", "delay"],
  },
  {
    flag: "--shutdown-grace <duration>",
    group: "Times:",
    help: "then let running requests end for so long",
    standard: "30s",
    path: ["shutdown", "grace"],
  },
  {
    flag: "--log-format <pretty|json>",
    group: "Log:",
    help: "form of log lines",
    standard: "pretty",
    path: ["log", "format"],
  },
  {
    flag: "--log-level <level>",
    group: "Log:",
    help: "least level that is logged: debug, info, warn, error",
    standard: "info",
    path: ["log", "level"],
  },
  {
    flag: "--log-content <preview|full|off>",
    group: "Log:",
    help: "how much of prompts and answers is logged",
    standard: "preview on a terminal, otherwise off",
    path: ["log", "content"],
  },
  {
    flag: "--config <file>",
    short: "-c",
    group: "Files:",
    help: "configuration in YAML; flags and environment override it",
  },
  {
    flag: "--env-file <file>",
    group: "Files:",
    help: "variables for what the environment does not set",
  },
];

/** Whether a setting's flag stands without a value. */
export function isSwitch(setting: Setting): boolean {
  return setting.kind === "switch";
}

/** `--max-body <size>` -> `--max-body`. */
export function flagName(setting: Setting): string {
  return setting.flag.split(" ", 1)[0] ?? setting.flag;
}

/** Names in the environment, the stronger first. */
export function environmentNames(setting: Setting): readonly string[] {
  const own = `OAI_SERVE_${flagName(setting).slice(2).toUpperCase().replaceAll("-", "_")}`;
  return setting.alias === undefined ? [own] : [own, setting.alias];
}
