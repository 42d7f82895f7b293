import { flagName } from "./settings.ts";
import { toFileValue, type Given } from "./given.ts";
import { isMapping, keyPath } from "./path.ts";
import type { Label } from "./origins.ts";

type Mapping = Record<string, unknown>;

export interface FlagBackends {
  /** Keys of the backends that flags and variables make, or add to. */
  anyserve: readonly string[];
  kserve: readonly string[];
  /** Key of the backend that does not come from the file, if there is one. */
  first: string | undefined;
}

export interface FlagSources {
  given: readonly Given[];
  /** Gets the names of what is added. */
  labels: Map<string, Label>;
  /** Whether agents are served. */
  hasAgents: boolean;
}

/**
 * Adds the backends that flags and variables make to those of a file: `anyserve`; `kserve`, `kserve-2` and so on;
 * `openai`; the demo where there is nothing at all. A backend of the file under such a name gets the endpoint.
 */
export function addFlagBackends(backends: Mapping, sources: FlagSources): FlagBackends {
  const { given, labels, hasAgents } = sources;
  const anyserve = add(backends, "anyserve", endpointsOf("--anyserve-endpoint", given), labels);
  const kserve = add(backends, "kserve", endpointsOf("--kserve-endpoint", given), labels);
  const openai = addOpenAI(backends, sources);
  nameModel(backends, [kserve[0], ...openai], sources);
  for (const id of anyserve) {
    const backend = backends[id];
    if (isMapping(backend) && backend["kind"] === "kserve") backend["dialect"] ??= "anyserve";
  }
  const [first = hasAgents ? undefined : addDemo(backends)] = [...anyserve, ...kserve, ...openai];
  return {
    anyserve: ofFile(backends, "anyserve", anyserve),
    kserve: ofFile(backends, "kserve", kserve),
    first,
  };
}

interface Endpoints {
  values: readonly unknown[];
  label: string;
}

function endpointsOf(flag: string, given: readonly Given[]): Endpoints {
  const found = given.find(({ setting }) => flagName(setting) === flag);
  if (found === undefined) return { values: [], label: flag };
  const value = toFileValue(found);
  const values: readonly unknown[] = Array.isArray(value) ? value : [value];
  // A list of nothing but commas: the driver refuses an empty address.
  return { values: values.length === 0 ? [""] : values, label: found.label };
}

function add(
  backends: Mapping,
  name: string,
  { values, label }: Endpoints,
  labels: Map<string, Label>,
): string[] {
  return values.flatMap((endpoint, index) => {
    const id = index === 0 ? name : `${name}-${index + 1}`;
    const backend = backends[id] ?? {};
    // Something else under that name is for the schema to refuse.
    if (!isMapping(backend)) return [];
    backend["kind"] ??= "kserve";
    backend["endpoint"] = endpoint;
    backends[id] = backend;
    labels.set(keyPath(["backends", id, "endpoint"]), { name: label });
    return [id];
  });
}

const openai = "openai";

/** Its address is put there like any other setting. */
function addOpenAI(backends: Mapping, { given, labels }: FlagSources): readonly string[] {
  const found = given.find(({ setting }) =>
    ["--openai-base-url", "--openai-provider"].includes(flagName(setting)),
  );
  const backend = backends[openai] ?? {};
  if (found === undefined || !isMapping(backend)) return [];
  if (!Object.hasOwn(backends, openai)) labels.set(keyPath(["backends", openai]), { name: found.label });
  backend["kind"] ??= openai;
  backends[openai] = backend;
  return [openai];
}

/**
 * `--model` is also the name by which a server is asked that does not list its models, and the one that is wanted of
 * a server with many. With agents, the older server's variable is the name of an agent.
 */
function nameModel(
  backends: Mapping,
  ids: readonly (string | undefined)[],
  { given, labels, hasAgents }: FlagSources,
): void {
  const found = given.find(({ setting }) => flagName(setting) === "--model");
  const id = ids.find((each) => each !== undefined);
  const backend = id === undefined ? undefined : backends[id];
  if (id === undefined || found === undefined || !isMapping(backend)) return;
  if (hasAgents && found.label === found.setting.alias) return;
  const { kind } = backend;
  const key = kind === "kserve" ? "model_name" : kind === openai ? "models" : undefined;
  if (key === undefined || backend[key] !== undefined) return;
  const name = toFileValue(found);
  backend[key] = kind === openai ? [name] : name;
  labels.set(keyPath(["backends", id, key]), { name: found.label });
}

function addDemo(backends: Mapping): string | undefined {
  if (Object.keys(backends).length > 0) return undefined;
  backends["demo"] = { kind: "demo" };
  return "demo";
}

/** Flags also reach a backend of the file that has the name which a flag would give it. */
function ofFile(backends: Mapping, name: string, made: readonly string[]): readonly string[] {
  return made.length === 0 && isMapping(backends[name]) ? [name] : made;
}
