import type { Label } from "./origins.ts";
import { isMapping, keyPath } from "./path.ts";
import { providerNamed } from "./to-agents.ts";

type Mapping = Record<string, unknown>;

/** Keys of `model_config`, and what they are called at a backend. */
const keys = { api_base: "base_url", provider: "provider", api_key_env: "api_key_env" } as const;

/**
 * Adds a private backend and model for each agent whose `model_config` says where its model is. The ids of those
 * models by the agents' names.
 */
export function addAgentBackends(file: Mapping, labels: Map<string, Label>): ReadonlyMap<string, string> {
  const ownModels = new Map<string, string>();
  const { agents } = file;
  if (!isMapping(agents)) return ownModels;
  for (const [name, agent] of Object.entries(agents)) {
    if (!isMapping(agent) || !isMapping(agent["model_config"])) continue;
    const { model, model_config: config } = agent;
    if (typeof model !== "string" || (config["api_base"] == null && config["api_key_env"] == null)) continue;
    const id = addBackend(file, { name, model, config }, labels);
    const modelId = `${name}/${model}`;
    const at = ["agents", name, "model"];
    if (id === undefined || !put(file, ["models", modelId], { backend: id, target: model })) continue;
    labels.set(keyPath(["models", modelId]), { at });
    ownModels.set(name, modelId);
  }
  return ownModels;
}

interface OwnModel {
  /** Of the agent. */
  name: string;
  model: string;
  config: Mapping;
}

function addBackend(
  file: Mapping,
  { name, model, config }: OwnModel,
  labels: Map<string, Label>,
): string | undefined {
  const at = ["agents", name, "model_config"];
  const backend: Mapping = { kind: "openai", private: true, models: [model] };
  const id = freeId(file["backends"], name);
  if (!put(file, ["backends", id], backend)) return undefined;
  labels.set(keyPath(["backends", id]), { at });
  for (const [from, to] of Object.entries(keys)) {
    const given = config[from];
    const value = from === "provider" && typeof given === "string" ? providerNamed(given) : given;
    if (value == null) continue;
    backend[to] = value;
    labels.set(keyPath(["backends", id, to]), { at: [...at, from] });
  }
  return id;
}

/** A backend's name has fewer letters to choose from than an agent's. */
function freeId(backends: unknown, name: string): string {
  const taken = isMapping(backends) ? backends : {};
  const wanted = `agent-${name.replaceAll(/[^A-Za-z0-9._-]/g, "-").slice(0, 50)}`;
  let id = wanted;
  for (let count = 2; Object.hasOwn(taken, id); count++) id = `${wanted}-${count}`;
  return id;
}

/** Whether there was place for it: something else there is for the schema to refuse. */
function put(file: Mapping, [section, key]: readonly [string, string], value: Mapping): boolean {
  const table = (file[section] ??= {});
  if (!isMapping(table) || Object.hasOwn(table, key)) return false;
  table[key] = value;
  return true;
}
