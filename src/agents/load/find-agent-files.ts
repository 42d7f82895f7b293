import { readdirSync, realpathSync, statSync } from "node:fs";
import { basename, join } from "node:path";

export interface FoundFiles {
  /** Absolute paths, in a fixed order, none twice. */
  files: readonly string[];
  /** Those of them that were named themselves, and not by their folder only. */
  named: ReadonlySet<string>;
  /** One sentence for each place that has no agent file, led by its path. */
  problems: readonly string[];
}

const agentFileName = /\.(?:[mc]?[jt]s|[jt]sx)$/;
/** A folder that has more is hardly meant. */
const maxFiles = 1_000;

/**
 * The agent files among `places`: files as they are; of folders the TypeScript and JavaScript files directly in them,
 * without those whose names begin with `_` or `.`, tests and declarations.
 */
export function findAgentFiles(places: readonly string[]): FoundFiles {
  const files = new Map<string, string>();
  const named = new Set<string>();
  const problems: string[] = [];
  for (const place of places) {
    try {
      for (const file of filesAt(place)) {
        const real = realpathSync(file);
        if (!files.has(real)) files.set(real, file);
        if (file === place) named.add(files.get(real) ?? file);
      }
    } catch (error) {
      problems.push(`${place}: ${explain(error)}`);
    }
  }
  return { files: [...files.values()], named, problems };
}

/** Whether a file of a folder is taken for an agent file. */
export function isAgentFileName(name: string): boolean {
  return agentFileName.test(name) && !/^[_.]/.test(name) && !/\.(?:test|spec|d)\.\w+$/.test(name);
}

function filesAt(place: string): string[] {
  if (!statSync(place).isDirectory()) {
    if (!agentFileName.test(basename(place))) {
      throw new Error("it is no TypeScript or JavaScript file (.ts, .tsx, .mts, .js, .jsx, .mjs).");
    }
    return [place];
  }
  const files = readdirSync(place)
    .filter(isAgentFileName)
    .toSorted()
    .map((name) => join(place, name))
    .filter((file) => statSync(file, { throwIfNoEntry: false })?.isFile() === true);
  if (files.length === 0) throw new Error("the folder has no TypeScript or JavaScript file directly in it.");
  if (files.length > maxFiles) throw new Error(`the folder has more than ${maxFiles} agent files.`);
  return files;
}

const explanations: Readonly<Record<string, string>> = {
  ENOENT: "there is no such file or folder.",
  ENOTDIR: "there is no such file or folder.",
  EACCES: "it cannot be read: permission denied.",
  ELOOP: "it cannot be read: its links lead in a circle.",
};

function explain(error: unknown): string {
  if (!(error instanceof Error)) return "it cannot be read.";
  const code = "code" in error ? String(error.code) : undefined;
  return code === undefined ? error.message : (explanations[code] ?? `it cannot be read (${code}).`);
}
