import { resolve } from "node:path";
import type { AgentConfig } from "../agents/config/agent-config.ts";
import type { AgentFile } from "./agent-schema.ts";
import { serversBeside, toolsBeside } from "./beside-file.ts";
import type { AgentsConfig, ConversationsConfig } from "./config.ts";
import { toSettings } from "./presets.ts";
import { toProviderName } from "../core/provider-name.ts";
import { parseDuration, parseSize } from "../core/quantity.ts";
import type { ConfigFile } from "./schema.ts";

export interface AgentFacts {
  /** That of the file, or the working directory where there is none: where its relative paths lead from. */
  folder: string;
  /** The same for agent files, which flags may name as well. */
  agentFolder: string;
  /** Ids of models that only one agent knows, by the agent's name. */
  ownModels: ReadonlyMap<string, string>;
  /** The only agent that clients are served by. */
  only: string | undefined;
  publicId: string | undefined;
}

/** The agents of a validated file under our own names. */
export function toAgents(
  file: ConfigFile,
  { folder, agentFolder, ownModels, only, publicId }: AgentFacts,
): AgentsConfig {
  const { agent_limits: limits } = file;
  return {
    files: file.agent_files.map((path) => resolve(agentFolder, path)),
    definitions: Object.fromEntries(
      Object.entries(file.agents).map(([id, agent]) => [id, toAgent(agent, ownModels.get(id))]),
    ),
    tools: toolsBeside(folder, file.tools),
    mcpServers: serversBeside(folder, file.mcp_servers),
    watch: file.watch,
    workers: file.agent_workers,
    limits: {
      maxIterations: limits.max_iterations,
      maxModelCalls: limits.max_model_calls,
      maxToolCalls: limits.max_tool_calls,
      maxDepth: limits.max_depth,
      toolTimeoutMs: parseDuration(limits.tool_timeout) ?? 0,
    },
    ...(only !== undefined && { only }),
    ...(publicId !== undefined && { publicId }),
  };
}

/** `maxContextTokens` is for a file that does not say it. */
export function toConversations(
  { conversations }: ConfigFile,
  maxContextTokens: number | undefined,
): ConversationsConfig {
  const maxTotalBytes = parseSize(conversations.max_total);
  const maxTokens = conversations.max_context_tokens ?? maxContextTokens;
  return {
    expireMs: parseDuration(conversations.expire) ?? 0,
    maxMessages: conversations.max_messages,
    maxBytes: parseSize(conversations.max_bytes) ?? 0,
    maxPerKey: conversations.max_per_key,
    ...(maxTotalBytes !== undefined && { maxTotalBytes }),
    ...(maxTokens !== undefined && { maxContextTokens: maxTokens }),
  };
}

function toAgent(file: AgentFile, ownModel: string | undefined): AgentConfig {
  const { provider: _provider, api_base: _base, api_key_env: _key, ...modelConfig } = file.model_config ?? {};
  const { stop_sequences: sequences, ...given } = { ...modelConfig, ...file.config };
  const { sampling, reasoning, extra } = toSettings({ ...(sequences && { stop: sequences }), ...given });
  const system = file.system ?? file.prompt ?? file.system_prompt;
  const model = ownModel ?? modelOf(file);
  return {
    model,
    tools: [...new Set(file.tools)],
    agents: [...new Set(file.agents)],
    inputs: inputsOf(file),
    parallel: file.parallel ?? true,
    sampling,
    extra,
    isPrivate: file.private ?? false,
    isDefault: file.default ?? false,
    ...(file.description !== undefined && { description: file.description }),
    ...(model !== file.model && { modelName: file.model }),
    ...(system !== undefined && { system }),
    ...(file.max_iterations !== undefined && { maxIterations: file.max_iterations }),
    ...(reasoning !== undefined && { reasoningEffort: reasoning.effort }),
  };
}

/** Weave writes what an agent gets from another as `researcher.outputs` too. */
export function inputsOf({ inputs }: Pick<AgentFile, "inputs">): readonly string[] {
  const names = typeof inputs === "string" ? [inputs] : (inputs ?? []);
  return [...new Set(names.map((name) => name.replace(/\.outputs$/, "")))];
}

/** Of a provider that is named apart from the model. */
function modelOf({ model, model_config: config }: AgentFile): string {
  const provider = providerNamed(config?.provider);
  return provider === undefined || model.startsWith(`${provider}/`) ? model : `${provider}/${model}`;
}

/** A provider that is named, as this program calls it; undefined for what is no provider but this server. */
export function providerNamed(name: string | undefined): string | undefined {
  return name === undefined || name === "local" ? undefined : toProviderName(name);
}
