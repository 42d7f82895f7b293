import { afterAll, beforeAll } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Environment } from "../../src/config/environment.ts";
import { loadConfig, type AgentCommand, type LoadedConfig } from "../../src/config/load.ts";
import { ConfigError } from "../../src/core/error.ts";
import { drivers } from "../../src/drivers/index.ts";

export interface Sources {
  flags?: Readonly<Record<string, readonly string[]>>;
  environment?: Environment;
  /** Content of the configuration file, `a.yaml`. */
  yaml?: string;
  /** Content of the environment file, `.env`. */
  env?: string;
  terminal?: boolean;
  /** For commands about agents. */
  agents?: AgentCommand;
}

/** Configurations from files in a directory that lives as long as the tests of one file. */
export function useSources() {
  let directory = "";
  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), "oai-serve-config-"));
  });
  afterAll(() => rmSync(directory, { recursive: true }));

  const write = (name: string, content: string): string => {
    const path = join(directory, name);
    writeFileSync(path, content);
    return path;
  };
  const load = ({
    flags = {},
    environment = {},
    yaml,
    env,
    terminal = false,
    agents,
  }: Sources): LoadedConfig =>
    loadConfig({
      flags: {
        ...flags,
        ...(yaml !== undefined && { "--config": [write("a.yaml", yaml)] }),
        ...(env !== undefined && { "--env-file": [write(".env", env)] }),
      },
      environment,
      terminal,
      drivers,
      ...(agents !== undefined && { agents }),
    });
  /** A text as it would be if the files stood in the working directory. */
  const withoutDirectory = (text: string): string => text.replaceAll(`${directory}/`, "");
  const refusal = (sources: Sources): string => {
    try {
      load(sources);
    } catch (error) {
      if (error instanceof ConfigError) return withoutDirectory(error.message);
      throw error;
    }
    return "accepted";
  };
  return { write, load, refusal, withoutDirectory };
}
