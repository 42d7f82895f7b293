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

/**
 * Adds the backends that flags and variables make to those of a file: `anyserve`; `kserve`, `kserve-2` and so on; the
 * demo where there is none at all. A backend of the file under such a name gets the endpoint.
 */
export function addFlagBackends(
  backends: Mapping,
  given: readonly Given[],
  labels: Map<string, Label>,
): FlagBackends {
  const anyserve = add(backends, "anyserve", endpointsOf("--anyserve-endpoint", given), labels);
  const kserve = add(backends, "kserve", endpointsOf("--kserve-endpoint", given), labels);
  nameModel(backends, kserve[0], given, labels);
  for (const id of anyserve) {
    const backend = backends[id];
    if (isMapping(backend) && backend["kind"] === "kserve") backend["dialect"] ??= "anyserve";
  }
  const [first = addDemo(backends)] = [...anyserve, ...kserve];
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

/** `--model` is also the name by which a server is asked that does not list its models. */
function nameModel(
  backends: Mapping,
  id: string | undefined,
  given: readonly Given[],
  labels: Map<string, Label>,
): void {
  const found = given.find(({ setting }) => flagName(setting) === "--model");
  const backend = id === undefined ? undefined : backends[id];
  if (id === undefined || found === undefined || !isMapping(backend) || backend["kind"] !== "kserve") return;
  if (backend["model_name"] !== undefined) return;
  backend["model_name"] = toFileValue(found);
  labels.set(keyPath(["backends", id, "model_name"]), { name: found.label });
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
