import { readFileSync } from "node:fs";
import { dirname, isAbsolute, join } from "node:path";
import { isRecord } from "../../core/json.ts";
import { within } from "../../core/within.ts";

/** How often a file's top-level code did not end. Such a module can only be had anew under another name. */
const versions = new Map<string, number>();

/** The exports of an agent file. Rejects as its import does. */
export async function importAgentFile(file: string): Promise<Readonly<Record<string, unknown>>> {
  const version = versions.get(file);
  const exports: unknown = await import(version === undefined ? file : `${file}?version=${version}`);
  return isRecord(exports) ? exports : {};
}

/** Absolute paths of what is loaded, without packages and without our own code. */
export function loadedModules(): string[] {
  return [...new Set(Object.keys(require.cache).filter(isOfAgents).map(withoutVersion))];
}

/** What is imported from now on is read again. */
export function forgetModules(): void {
  for (const key of Object.keys(require.cache).filter(isOfAgents)) delete require.cache[key];
}

/** Longest wait for modules that had no part in what failed. */
const settleMs = 2_000;

/**
 * After a failed load of `files`: what they import is read again at the next load. `hung` are those whose top-level
 * code did not end.
 */
export async function forgetFailed(files: readonly string[], hung: readonly string[]): Promise<void> {
  for (const file of hung) versions.set(file, (versions.get(file) ?? 0) + 1);
  const modules = importedBy(files);
  // Bun cannot forget a module that was linked and not run, because another one failed: it would be had again as it was.
  const unrun = modules.filter((module) => !(module in require.cache) && !hung.includes(module));
  const settled = Promise.allSettled(unrun.map((module) => import(module)));
  await within(
    settleMs,
    async () => void (await settled),
    () => {},
  );
  for (const module of modules) delete require.cache[module];
}

/** `files` and what they import, directly and through each other, without packages. */
export function importedBy(files: readonly string[]): readonly string[] {
  const found = new Set(files);
  for (const file of found) {
    for (const specifier of relativeImports(file)) {
      const target = resolve(specifier, file);
      if (target !== undefined && isOfAgents(target)) found.add(target);
    }
  }
  return [...found];
}

/** The path that `specifier` has in the module `importer`; undefined if there is nothing. */
export function resolve(specifier: string, importer: string): string | undefined {
  try {
    return Bun.resolveSync(specifier, dirname(importer));
  } catch {
    return undefined;
  }
}

export function withoutVersion(path: string): string {
  return path.replace(/\?version=\d+$/, "");
}

/** Whether a path is a file of those who write agents: neither ours nor a package's. */
export function isOfAgents(path: string): boolean {
  return (
    isAbsolute(path) &&
    !/[\\/]node_modules[\\/]/.test(path) &&
    !ownFolders.some((prefix) => path.startsWith(prefix))
  );
}

/** Where our own code is. */
export const ownFolders = Bun.isStandaloneExecutable
  ? [import.meta.dir]
  : ["src", "test", "scripts"].map((folder) => join(import.meta.dir, "../../..", folder));

function relativeImports(file: string): string[] {
  try {
    const scanner = new Bun.Transpiler({ loader: file.endsWith("x") ? "tsx" : "ts" });
    return scanner
      .scanImports(readFileSync(file, "utf8"))
      .map(({ path }) => path)
      .filter((path) => path.startsWith("."));
  } catch {
    return [];
  }
}
