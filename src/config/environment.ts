import { ConfigError } from "../core/error.ts";

/** Variables by name. An empty value counts as unset. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** The value of a variable, or undefined when it is unset or empty. */
export function readVariable(environment: Environment, name: string): string | undefined {
  const value = Object.hasOwn(environment, name) ? environment[name] : undefined;
  return value === "" ? undefined : value;
}

/** `true`, `yes`, `on`, `1` or their opposites; undefined for anything else. */
export function readSwitch(text: string): boolean | undefined {
  const word = text.trim().toLowerCase();
  if (["true", "yes", "on", "1"].includes(word)) return true;
  return ["false", "no", "off", "0"].includes(word) ? false : undefined;
}

/** As `readSwitch`. Throws `ConfigError` under the variable's name for anything else. */
export function parseSwitch(text: string, name: string): boolean {
  const value = readSwitch(text);
  if (value === undefined) throw new ConfigError(`${name}: must be true or false.`);
  return value;
}

/** Names that a start-up reads of its own accord; any other must be named by `${env:NAME}` in the file. */
export function isOwnVariable(name: string): boolean {
  return name.startsWith("OAI_SERVE_") || name.startsWith("OPENAI_COMPAT_");
}

/**
 * Variables of a file in the usual `.env` form: `NAME=value`, `export` before it, `#` comments, single quotes
 * (as it stands), double quotes (with `\n`, `\t`, `\"`, `\\`). Nothing is expanded.
 *
 * Throws `ConfigError` that names the line, never its content.
 */
export function parseEnvironmentFile(text: string, name: string): Environment {
  const variables: Record<string, string> = {};
  for (const [index, line] of text
    .replace(/^\uFEFF/, "")
    .split(/\r?\n/)
    .entries()) {
    if (/^\s*(#|$)/.test(line)) continue;
    const match = /^\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=\s*(.*?)\s*$/.exec(line);
    const value = match === null ? undefined : unquote(match[2] ?? "");
    if (match === null || value === undefined) {
      throw new ConfigError(`${name}: line ${index + 1}: must have the form NAME=value.`);
    }
    variables[match[1] ?? ""] = value;
  }
  return variables;
}

function unquote(text: string): string | undefined {
  const quote = text.charAt(0);
  if (quote === "'") return /^'([^']*)'\s*(?:#.*)?$/.exec(text)?.[1];
  if (quote === '"') {
    const inner = /^"((?:[^"\\]|\\.)*)"\s*(?:#.*)?$/.exec(text)?.[1];
    return inner?.replaceAll(/\\(.)/g, (_, letter: string) => escapes[letter] ?? letter);
  }
  return text.replace(/(^|\s+)#.*$/, "");
}

const escapes: Readonly<Record<string, string>> = { n: "\n", r: "\r", t: "\t" };
