import type { Config } from "./config.ts";
import { isOwnVariable, type Environment } from "./environment.ts";
import type { Given } from "./given.ts";
import { nearest } from "./nearest.ts";
import { environmentNames, flagName, settings } from "./settings.ts";

export interface WarningSources {
  config: Config;
  given: readonly Given[];
  /** Key files that every user of the machine may read. */
  worldReadableKeys: readonly string[];
  environments: readonly Environment[];
}

/** What is allowed, but hardly meant; one sentence each. */
export function collectWarnings({
  config,
  given,
  worldReadableKeys,
  environments,
}: WarningSources): string[] {
  const warnings: string[] = [];
  if (given.some(({ setting, fromFlag }) => fromFlag && flagName(setting) === "--api-key")) {
    warnings.push(
      "Process lists show the key given by --api-key; --api-key-file or OAI_SERVE_API_KEY hide it.",
    );
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
  return [...warnings, ...misspelledVariables(environments)];
}

/** Whether only this machine can reach an address. */
export function isLoopback(host: string): boolean {
  return /^(localhost|127(\.\d{1,3}){3}|\[?::1\]?|\[?::ffff:127(\.\d{1,3}){3}\]?)$/i.test(host);
}

function misspelledVariables(environments: readonly Environment[]): string[] {
  const known = new Set([...settings.flatMap(environmentNames), "OPENAI_COMPAT_ENABLE"]);
  const names = new Set(environments.flatMap((environment) => Object.keys(environment)));
  return [...names].flatMap((name) => {
    const meant = !isOwnVariable(name) || known.has(name) ? undefined : nearest(name, known);
    return meant === undefined ? [] : [`${name} is not a variable of this program; did you mean ${meant}?`];
  });
}
