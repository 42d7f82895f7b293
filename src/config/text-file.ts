import { readFileSync } from "node:fs";
import { ConfigError } from "../core/error.ts";

const maxBytes = 4 * 1_048_576;

/** The whole of a small UTF-8 file. Throws `ConfigError`, which starts with `label`: the flag that named the file. */
export function readTextFile(path: string, label: string): string {
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch (error) {
    throw new ConfigError(`${label}: cannot read ${path} (${reason(error)}).`, { cause: error });
  }
  if (bytes.length > maxBytes) throw new ConfigError(`${label}: ${path} is larger than 4 MiB.`);
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (error) {
    throw new ConfigError(`${label}: ${path} is not UTF-8 text.`, { cause: error });
  }
}

const reasons: Readonly<Record<string, string>> = {
  ENOENT: "no such file",
  EACCES: "permission denied",
  EISDIR: "it is a directory",
};

function reason(error: unknown): string {
  const code = error instanceof Error && "code" in error ? String(error.code) : "unknown error";
  return reasons[code] ?? code;
}
