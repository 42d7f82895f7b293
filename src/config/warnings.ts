import { idleAgentKeys, idleFileKeys } from "./agent-schema.ts";
import type { Config } from "./config.ts";
import { isOwnVariable, type Environment } from "./environment.ts";
import type { Given } from "./given.ts";
import { nearest } from "./nearest.ts";
import { isMapping } from "./path.ts";
import { environmentNames, flagName, settings } from "./settings.ts";

export interface WarningSources {
  config: Config;
  given: readonly Given[];
  /** The file alone. */
  file: Readonly<Record<string, unknown>>;
  /** Key files that every user of the machine may read. */
  worldReadableKeys: readonly string[];
  environments: readonly Environment[];
  /** Variables for which the file asks. */
  asked: ReadonlySet<string>;
  /** Name of a setting as the operator gave it. */
  place: (path: readonly string[]) => string;
}

/** What is allowed, but hardly meant; one sentence each. */
export function collectWarnings(sources: WarningSources): string[] {
  const { config, given, worldReadableKeys, environments } = sources;
  const warnings: string[] = [];
  if (given.some(({ setting, fromFlag }) => fromFlag && flagName(setting) === "--api-key")) {
    warnings.push(
      "Process lists show the key given by --api-key; --api-key-file or OAI_SERVE_API_KEY hide it.",
    );
  }
  if (
    given.some(
      ({ setting, fromFlag, texts }) =>
        fromFlag && flagName(setting) === "--store" && texts.some(hasPassword),
    )
  ) {
    warnings.push("Process lists show the password given by --store; OAI_SERVE_STORE hides it.");
  }
  for (const path of worldReadableKeys)
    warnings.push(`Every user of this machine may read the keys in ${path}.`);
  if (config.auth.keys.length === 0 && !isLoopback(config.listen.host)) {
    warnings.push(
      `Anybody who reaches ${config.listen.host} may use this server: no key is set (--api-key-file, OAI_SERVE_API_KEY).`,
    );
  }
  // Bun takes its own options from there also in a compiled binary, and they can load code.
  if (environments.some((environment) => (environment["BUN_OPTIONS"] ?? "") !== "")) {
    warnings.push("BUN_OPTIONS is set and changes how this program runs; unset it unless that is meant.");
  }
  return [
    ...warnings,
    ...idlePublicModel(sources),
    ...idleKeys(sources),
    ...fleetingStore(sources),
    ...unknownVariables(sources),
  ];
}

/** Whether only this machine can reach an address. */
export function isLoopback(host: string): boolean {
  return /^(localhost|127(\.\d{1,3}){3}|\[?::1\]?|\[?::ffff:127(\.\d{1,3}){3}\]?)$/i.test(host);
}

/** `--model` renames what the default backend, or the only one, says that it has; elsewhere it does nothing. */
function idlePublicModel({ config, place }: WarningSources): string[] {
  if (config.publicModel === undefined || config.agents.publicId !== undefined) return [];
  const ids = Object.keys(config.backends);
  const backend = config.defaultBackend ?? (ids.length === 1 ? ids[0] : undefined);
  const label = place(["public_model"]);
  if (backend === undefined) {
    return [
      `${label}: has no effect, because none of several backends comes first; name models in the file.`,
    ];
  }
  const isNamed = Object.values(config.models).some((model) => model.backend === backend);
  return isNamed ? [`${label}: has no effect, because the file names the models of that backend.`] : [];
}

/** Files of Weave are taken as they are. */
function idleKeys({ file }: WarningSources): string[] {
  const agents = isMapping(file["agents"]) ? Object.values(file["agents"]) : [];
  const ofAgents = new Set(agents.flatMap((agent) => (isMapping(agent) ? Object.keys(agent) : [])));
  const keys = [
    ...Object.keys(idleFileKeys).filter((key) => Object.hasOwn(file, key)),
    ...Object.keys(idleAgentKeys)
      .filter((key) => ofAgents.has(key))
      .map((key) => `agents.*.${key}`),
  ];
  return keys.length === 0 ? [] : [`These keys of the file have no effect here: ${keys.join(", ")}.`];
}

/** Only agents keep conversations. */
function fleetingStore({ config, file, given }: WarningSources): string[] {
  const { definitions, files } = config.agents;
  const hasAgents = Object.keys(definitions).length > 0 || files.length > 0;
  const isChosen =
    file["store"] !== undefined || given.some(({ setting }) => flagName(setting) === "--store");
  if (!hasAgents || isChosen || config.store !== "memory:") return [];
  return [
    "Conversations are kept in memory and lost at the end, because neither HOME nor STATE_DIRECTORY is set; --store names a place.",
  ];
}

function unknownVariables({ environments, asked }: WarningSources): string[] {
  const known = new Set([...settings.flatMap(environmentNames), "OPENAI_COMPAT_ENABLE"]);
  const names = new Set(environments.flatMap((environment) => Object.keys(environment)));
  return [...names].flatMap((name) => {
    if (!isOwnVariable(name) || known.has(name) || asked.has(name)) return [];
    const twin = twinName(name);
    const meant = known.has(twin) ? twin : nearest(name, known);
    const hint = meant === undefined ? "oai-serve --help lists all." : `did you mean ${meant}?`;
    return [`${name} is not a variable of this program; ${hint}`];
  });
}

/** The same name with the other of the two beginnings. */
function twinName(name: string): string {
  return name.startsWith("OAI_SERVE_")
    ? name.replace("OAI_SERVE_", "OPENAI_COMPAT_")
    : name.replace("OPENAI_COMPAT_", "OAI_SERVE_");
}

function hasPassword(url: string): boolean {
  return (URL.parse(url)?.password ?? "") !== "";
}
