import { existsSync } from "node:fs";
import { dirname } from "node:path";
import { notFound } from "../agents/config/not-found.ts";
import { ConfigError } from "../core/error.ts";
import type { Config } from "./config.ts";
import { defaultStore } from "./default-store.ts";
import { findDuplicateKeys } from "./duplicate-keys.ts";
import { withoutEmpty } from "./empty.ts";
import { parseEnvironmentFile, parseSwitch, readVariable, type Environment } from "./environment.ts";
import { readAllGiven, readGiven, type Flags, type Given } from "./given.ts";
import { placeInFile, type Origins, type SourceFile } from "./origins.ts";
import { applyGiven } from "./overlay.ts";
import { isMapping, keyPath } from "./path.ts";
import type { Problem } from "./problems.ts";
import { refuse, relabel } from "./refusal.ts";
import type { DriverSchemas } from "./model-schema.ts";
import { createFileSchema } from "./schema.ts";
import { flagName, settings } from "./settings.ts";
import { substitute } from "./substitute.ts";
import { readTextFile } from "./text-file.ts";
import { toConfig } from "./to-config.ts";
import { findOwnProblems, holds, validateFile } from "./validate.ts";
import { collectWarnings } from "./warnings.ts";
import { createYamlPositions } from "./yaml-positions.ts";
import { parseYaml } from "./yaml.ts";

export interface ConfigSources {
  flags: Flags;
  /** Of the process. */
  environment: Environment;
  /** Whether the log goes to a terminal. */
  terminal: boolean;
  drivers: DriverSchemas;
  /** For commands about agents: without `--config` they read the `.agent.yaml` of the working directory. */
  agents?: AgentCommand;
}

export interface AgentCommand {
  /** The one to run, on its own address unless another is given. */
  only?: string;
}

export interface LoadedConfig {
  config: Config;
  /** The file that was read, if any. */
  fileName: string | undefined;
  /** A variable of the environment, or of `--env-file`; empty ones count as unset. */
  variable: (name: string) => string | undefined;
  /** Whether a file gave any of it, so that it may be another one when it is read again. */
  hasFiles: boolean;
  /** Sentences for the log: allowed, but hardly meant. */
  warnings: readonly string[];
  /** False when `OPENAI_COMPAT_ENABLE` switches the server off. */
  enabled: boolean;
  /** The error of a driver under the name that the operator wrote: the flag, or the file and the path in it. */
  relabel: (error: ConfigError) => ConfigError;
  /** Whether somebody said where conversations are kept. */
  isStoreChosen: boolean;
  /** The name of a setting in the same way; of one that nobody gave, its flag. */
  place: (path: readonly string[]) => string;
}

/**
 * The configuration from flags, then environment, then `--env-file`, then `--config`, then defaults.
 * Throws `ConfigError` with every problem there is, each under the name that the operator wrote.
 */
export function loadConfig(sources: ConfigSources): LoadedConfig {
  const { flags, environment, terminal, drivers, agents } = sources;
  const environments = readEnvironments(flags, environment);
  const read = (name: string) => firstOf(environments, name);
  const given = readAllGiven(flags, environments);
  const { file, tree, duplicates } = readConfigFile(given, agents);
  const schema = createFileSchema(drivers);
  const { value, paths, names, problems } = substitute(tree, read);
  const own = withoutEmpty(schema, value);
  const overlay = applyGiven(own, given);
  const origins = { labels: overlay.labels, file };
  const ofFile = { labels: new Map(), file };
  const whole = agents?.only === undefined ? overlay.value : withAgentAddress(overlay.value);
  const validation = validateFile({ schema, drivers }, whole, paths);
  const findings = [
    { origins: ofFile, problems: [...duplicates, ...problems] },
    { origins, problems: [...overlay.problems, ...validation.problems] },
    { origins: ofFile, problems: file === undefined ? [] : findOwnProblems(schema, own, paths) },
  ];
  const hasProblems = findings.some((finding) => finding.problems.length > 0);
  if (validation.file === undefined || hasProblems) return refuse(findings);
  const folder = file === undefined ? "." : dirname(file.name);
  const config = toConfig(validation.file, {
    terminal,
    defaultBackend: overlay.defaultBackend,
    ownModels: overlay.ownModels,
    folder,
    agentFolder: overlay.labels.has("agent_files") ? "." : folder,
    only: agents?.only,
    store: defaultStore(read, process.platform),
    isOlder: (key) => overlay.labels.get(key)?.name?.startsWith("OPENAI_COMPAT_") === true,
  });
  assertOnly(config);
  const place = (path: readonly string[]) => placeOf(path, own, origins);
  return {
    config,
    fileName: file?.name,
    variable: read,
    hasFiles: config.agents.files.length > 0 || given.some(({ setting }) => fileFlags.has(flagName(setting))),
    warnings: collectWarnings({
      config,
      given,
      file: own,
      worldReadableKeys: overlay.worldReadableKeys,
      environments,
      asked: names,
      place,
    }),
    enabled: parseSwitch(read("OPENAI_COMPAT_ENABLE") ?? "true", "OPENAI_COMPAT_ENABLE"),
    isStoreChosen: validation.file.store !== undefined,
    relabel: (error) => relabel(error, origins, new Set(Object.keys(schema.properties))),
    place,
  };
}

const fileFlags: ReadonlySet<string> = new Set([
  "--config",
  "--env-file",
  "--api-key-file",
  "--tls-ca",
  "--tls-cert",
  "--tls-key",
]);

function readEnvironments(flags: Flags, environment: Environment): readonly Environment[] {
  const file = readGiven("--env-file", flags, [environment]);
  if (file === undefined) return [environment];
  const path = file.texts.at(-1) ?? "";
  return [environment, parseEnvironmentFile(readTextFile(path, file.label), path)];
}

function firstOf(environments: readonly Environment[], name: string): string | undefined {
  for (const environment of environments) {
    const value = readVariable(environment, name);
    if (value !== undefined) return value;
  }
  return undefined;
}

interface ReadFile {
  file: SourceFile | undefined;
  tree: Record<string, unknown>;
  duplicates: readonly Problem[];
}

function readConfigFile(given: readonly Given[], agents: AgentCommand | undefined): ReadFile {
  const named = given.find(({ setting }) => flagName(setting) === "--config");
  const name = named?.texts.at(-1) ?? (agents === undefined ? undefined : findAgentFile(given, agents));
  if (name === undefined) return { file: undefined, tree: {}, duplicates: [] };
  const text = readTextFile(name, named?.label ?? "--config");
  const positions = createYamlPositions(text);
  return {
    file: { name, positions },
    tree: parseYaml(text, name, positions),
    duplicates: findDuplicateKeys(text),
  };
}

const agentFile = ".agent.yaml";

/** Where there is none, other agents may be given. */
function findAgentFile(given: readonly Given[], { only }: AgentCommand): string | undefined {
  if (existsSync(agentFile)) return agentFile;
  if (only === undefined || given.some(({ setting }) => flagName(setting) === "--agent")) return undefined;
  throw new ConfigError(`There is no ${agentFile} here: name a file with --config, or agents with --agent.`);
}

/** One agent listens for everybody, on a port of its own, unless somebody says otherwise. */
function withAgentAddress(value: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const listen = value["listen"] ?? {};
  return isMapping(listen) ? { ...value, listen: { host: "0.0.0.0", port: 8765, ...listen } } : { ...value };
}

/** Files may hold an agent that is not among the definitions. */
function assertOnly({ agents: { only, definitions, files } }: Config): void {
  if (only === undefined || files.length > 0 || Object.hasOwn(definitions, only)) return;
  throw new ConfigError(notFound("Agent", only, Object.keys(definitions)));
}

function placeOf(path: readonly string[], file: unknown, { labels, file: source }: Origins): string {
  const label = labels.get(keyPath(path));
  if (label?.name !== undefined) return label.name;
  const setting = settings.find((candidate) => candidate.path?.join() === path.join());
  return setting === undefined || holds(file, path) ? placeInFile(path, source) : flagName(setting);
}
