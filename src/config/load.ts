import type { Config } from "./config.ts";
import type { ConfigError } from "../core/error.ts";
import { findDuplicateKeys } from "./duplicate-keys.ts";
import { withoutEmpty } from "./empty.ts";
import { parseEnvironmentFile, parseSwitch, readVariable, type Environment } from "./environment.ts";
import { readAllGiven, readGiven, type Flags } from "./given.ts";
import { placeInFile, type Origins } from "./origins.ts";
import { applyGiven } from "./overlay.ts";
import { keyPath } from "./path.ts";
import { refuse, relabel } from "./refusal.ts";
import type { DriverSchemas } from "./model-schema.ts";
import { createFileSchema } from "./schema.ts";
import { flagName, settings } from "./settings.ts";
import { substitute } from "./substitute.ts";
import { readTextFile } from "./text-file.ts";
import { toConfig } from "./to-config.ts";
import { findOwnProblems, holds, validateFile } from "./validate.ts";
import { collectWarnings } from "./warnings.ts";
import { parseYaml } from "./yaml.ts";

export interface ConfigSources {
  flags: Flags;
  /** Of the process. */
  environment: Environment;
  /** Whether the log goes to a terminal. */
  terminal: boolean;
  drivers: DriverSchemas;
}

export interface LoadedConfig {
  config: Config;
  /** The file that was read, if any. */
  fileName: string | undefined;
  /** Whether a file gave any of it, so that it may be another one when it is read again. */
  hasFiles: boolean;
  /** Sentences for the log: allowed, but hardly meant. */
  warnings: readonly string[];
  /** False when `OPENAI_COMPAT_ENABLE` switches the server off. */
  enabled: boolean;
  /** The error of a driver under the name that the operator wrote: the flag, or the file and the path in it. */
  relabel: (error: ConfigError) => ConfigError;
  /** The name of a setting in the same way; of one that nobody gave, its flag. */
  place: (path: readonly string[]) => string;
}

/**
 * The configuration from flags, then environment, then `--env-file`, then `--config`, then defaults.
 * Throws `ConfigError` with every problem there is, each under the name that the operator wrote.
 */
export function loadConfig({ flags, environment, terminal, drivers }: ConfigSources): LoadedConfig {
  const environments = readEnvironments(flags, environment);
  const read = (name: string) => firstOf(environments, name);
  const given = readAllGiven(flags, environments);
  const { fileName, tree, duplicates } = readConfigFile(flags, environments);
  const schema = createFileSchema(drivers);
  const { value, paths, names, problems } = substitute(tree, read);
  const own = withoutEmpty(schema, value);
  const overlay = applyGiven(own, given);
  const origins = { labels: overlay.labels, fileName };
  const ofFile = { labels: new Map(), fileName };
  const validation = validateFile({ schema, drivers }, overlay.value, paths);
  const findings = [
    { origins: ofFile, problems: [...duplicates, ...problems] },
    { origins, problems: [...overlay.problems, ...validation.problems] },
    { origins: ofFile, problems: fileName === undefined ? [] : findOwnProblems(schema, own, paths) },
  ];
  const hasProblems = findings.some((finding) => finding.problems.length > 0);
  if (validation.file === undefined || hasProblems) return refuse(findings);
  const config = toConfig(validation.file, { terminal, defaultBackend: overlay.defaultBackend });
  const { worldReadableKeys } = overlay;
  const place = (path: readonly string[]) => placeOf(path, own, origins);
  return {
    config,
    fileName,
    hasFiles: given.some(({ setting }) => fileFlags.has(flagName(setting))),
    warnings: collectWarnings({ config, given, worldReadableKeys, environments, asked: names, place }),
    enabled: parseSwitch(read("OPENAI_COMPAT_ENABLE") ?? "true", "OPENAI_COMPAT_ENABLE"),
    relabel: (error) => relabel(error, origins),
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

function readConfigFile(flags: Flags, environments: readonly Environment[]) {
  const file = readGiven("--config", flags, environments);
  const fileName = file?.texts.at(-1);
  if (file === undefined || fileName === undefined) return { fileName, tree: {}, duplicates: [] };
  const text = readTextFile(fileName, file.label);
  return { fileName, tree: parseYaml(text, fileName), duplicates: findDuplicateKeys(text) };
}

function placeOf(path: readonly string[], file: unknown, { labels, fileName }: Origins): string {
  const label = labels.get(keyPath(path));
  if (label !== undefined) return label.name;
  const setting = settings.find((candidate) => candidate.path?.join() === path.join());
  return setting === undefined || holds(file, path)
    ? placeInFile(keyPath(path), fileName)
    : flagName(setting);
}
