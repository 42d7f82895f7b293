import { statSync } from "node:fs";
import { readTextFile } from "./text-file.ts";

export interface KeyFile {
  keys: readonly { key: string; line: number }[];
  /** Whether every user of the machine may read the file. */
  worldReadable: boolean;
}

/** Keys of a file with one key a line. A `#` at a line's start or after a space begins a comment. */
export function readKeyFile(path: string, label: string): KeyFile {
  const lines = readTextFile(path, label)
    .replace(/^\uFEFF/, "")
    .split(/\r?\n/);
  const keys = lines.flatMap((text, index) => {
    const key = text.replace(/(^|\s)#[^]*$/, "").trim();
    return key === "" ? [] : [{ key, line: index + 1 }];
  });
  return { keys, worldReadable: isWorldReadable(path) };
}

function isWorldReadable(path: string): boolean {
  // Windows has no such bits and reports all of them.
  if (process.platform === "win32") return false;
  const entry = statSync(path, { throwIfNoEntry: false });
  return entry !== undefined && entry.isFile() && (entry.mode & 0o004) !== 0;
}
