import { ConfigError } from "../core/error.ts";
import { addAgentBackends } from "./agent-backends.ts";
import { addFlagBackends, type FlagBackends } from "./flag-backends.ts";
import { flagName } from "./settings.ts";
import { toFileValue, type Given } from "./given.ts";
import { readKeyFile } from "./keys.ts";
import { isMapping, keyPath } from "./path.ts";
import type { Label, Labels } from "./origins.ts";
import type { Problem } from "./problems.ts";

export interface Overlay {
  /** The file with everything that flags and variables give. */
  value: Record<string, unknown>;
  labels: Labels;
  problems: readonly Problem[];
  /** Backend that does not come from the file. */
  defaultBackend: string | undefined;
  /** Ids of models that only one agent knows, by the agent's name. */
  ownModels: ReadonlyMap<string, string>;
  /** Key files that every user of the machine may read. */
  worldReadableKeys: readonly string[];
}

/** Puts flags and variables over a parsed file, which stays as it is; keys are added to those of the file. */
export function applyGiven(file: Readonly<Record<string, unknown>>, given: readonly Given[]): Overlay {
  const value = structuredClone(file);
  const labels = new Map<string, Label>();
  const problems: Problem[] = [];
  const backends = mappingAt(value, ["backends"], true);
  const made =
    backends === undefined
      ? noBackends
      : addFlagBackends(backends, { given, labels, hasAgents: hasAgents(value, given) });
  for (const each of given) {
    const { path, needs, kind } = each.setting;
    const label = { name: each.label, ...(kind !== undefined && { kind }) };
    if (path === undefined || path[0] === "auth" || path.at(-1) === "endpoint") continue;
    const places = placesOf(path, made).filter(
      (place) => needs === undefined || mappingAt(value, place.slice(0, 2), false) !== undefined,
    );
    for (const place of places) {
      put(value, place, toFileValue(each));
      labels.set(keyPath(place), label);
    }
    if (places.length > 0 || needs === undefined) continue;
    labels.set(keyPath(path), label);
    problems.push({ segments: path, text: needs });
  }
  const worldReadableKeys = addKeys(value, given, labels);
  const ownModels = addAgentBackends(value, labels);
  return { value, labels, problems, defaultBackend: made.first, ownModels, worldReadableKeys };
}

function hasAgents(
  { agents, agent_files: files }: Readonly<Record<string, unknown>>,
  given: readonly Given[],
) {
  const isNamed = given.some(({ setting }) => flagName(setting) === "--agent");
  return (
    isNamed ||
    (isMapping(agents) && Object.keys(agents).length > 0) ||
    (Array.isArray(files) && files.length > 0)
  );
}

const noBackends: FlagBackends = { anyserve: [], kserve: [], first: undefined };

/** The places in the file that a setting's path stands for. */
function placesOf(path: readonly string[], { anyserve, kserve }: FlagBackends): (readonly string[])[] {
  const [section = "", name = "", ...rest] = path;
  if (name === "*") return [...anyserve, ...kserve].map((id) => [section, id, ...rest]);
  if (name === "kserve*") return kserve.map((id) => [section, id, ...rest]);
  return [path];
}

/** Where something is switched on that has settings already, or gets some, the settings stay. */
function put(root: Record<string, unknown>, path: readonly string[], value: unknown): void {
  const parent = mappingAt(root, path.slice(0, -1), true);
  const key = path.at(-1);
  if (parent === undefined || key === undefined) return;
  if (value !== true || !isMapping(parent[key])) parent[key] = value;
}

/** Appends `--api-key` and the lines of `--api-key-file`; returns files with open permissions. */
function addKeys(
  value: Record<string, unknown>,
  given: readonly Given[],
  labels: Map<string, Label>,
): string[] {
  const worldReadable: string[] = [];
  const added: { key: string; label: string }[] = [];
  for (const { setting, texts, label } of given) {
    const text = texts.at(-1) ?? "";
    if (flagName(setting) === "--api-key") added.push(...texts.map((key) => ({ key, label })));
    if (flagName(setting) !== "--api-key-file") continue;
    const file = readKeyFile(text, label);
    if (file.worldReadable) worldReadable.push(text);
    added.push(...file.keys.map(({ key, line }) => ({ key, label: `${text}: line ${line}` })));
    if (file.keys.length === 0) throw new ConfigError(`${label}: ${text} holds no key.`);
  }
  if (added.length === 0) return worldReadable;
  const auth = mappingAt(value, ["auth"], true);
  const keys = auth?.["keys"] ?? [];
  if (auth === undefined || !Array.isArray(keys)) return worldReadable;
  for (const [index, { label }] of added.entries())
    labels.set(keyPath(["auth", "keys", keys.length + index]), { name: label });
  auth["keys"] = [...keys, ...added.map(({ key }) => key)];
  return worldReadable;
}

/** The mapping at a path, made where it is missing if so asked; undefined when something else is there. */
function mappingAt(
  root: Record<string, unknown>,
  path: readonly string[],
  create: boolean,
): Record<string, unknown> | undefined {
  let node = root;
  for (const key of path) {
    if (create && (!Object.hasOwn(node, key) || node[key] === true)) node[key] = {};
    const next: unknown = Object.hasOwn(node, key) ? node[key] : undefined;
    if (!isMapping(next)) return undefined;
    node = next;
  }
  return node;
}
