import type { Config } from "./config.ts";
import type { ConfigError } from "../core/error.ts";
import { applyGiven } from "./overlay.ts";
import { parseEnvironmentFile, parseSwitch, readVariable, type Environment } from "./environment.ts";
import { readAllGiven, readGiven, type Flags } from "./given.ts";
import { refuse, relabel } from "./refusal.ts";
import type { DriverSchemas } from "./schema.ts";
import { substitute } from "./substitute.ts";
import { readTextFile } from "./text-file.ts";
import { toConfig } from "./to-config.ts";
import { validateFile } from "./validate.ts";
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
  /** Sentences for the log: allowed, but hardly meant. */
  warnings: readonly string[];
  /** False when `OPENAI_COMPAT_ENABLE` switches the server off. */
  enabled: boolean;
  /** The error of a driver under the name that the operator wrote: the flag, or the file and the path in it. */
  relabel: (error: ConfigError) => ConfigError;
}

/**
 * The configuration from flags, then environment, then `--env-file`, then `--config`, then defaults.
 * Throws `ConfigError` with every problem there is, each under the name that the operator wrote.
 */
export function loadConfig({ flags, environment, terminal, drivers }: ConfigSources): LoadedConfig {
  const environments = readEnvironments(flags, environment);
  const read = (name: string) => firstOf(environments, name);
  const given = readAllGiven(flags, environments);
  const { fileName, tree } = readConfigFile(flags, environments);
  const substitution = substitute(tree, read);
  const overlay = applyGiven(substitution.value, given);
  const { file, problems } = validateFile(drivers, overlay.value, substitution.paths);
  const all = [...substitution.problems, ...overlay.problems, ...problems];
  if (file === undefined || all.length > 0) return refuse(all, overlay.labels, fileName);
  const config = toConfig(file, { terminal, defaultBackend: overlay.defaultBackend });
  return {
    config,
    fileName,
    warnings: collectWarnings({ config, given, worldReadableKeys: overlay.worldReadableKeys, environments }),
    enabled: parseSwitch(read("OPENAI_COMPAT_ENABLE") ?? "true", "OPENAI_COMPAT_ENABLE"),
    relabel: (error) => relabel(error, overlay.labels, fileName),
  };
}

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
  if (file === undefined || fileName === undefined) return { fileName, tree: {} };
  return { fileName, tree: parseYaml(readTextFile(fileName, file.label), fileName) };
}
