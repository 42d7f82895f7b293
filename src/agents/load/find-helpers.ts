import { readFileSync, realpathSync } from "node:fs";
import { importedBy, isOfAgents, resolve } from "./modules.ts";

/** Those of `candidates` that `files` import, directly and through each other, also for nothing but types. */
export function findHelpers(candidates: readonly string[], files: readonly string[]): ReadonlySet<string> {
  if (candidates.length === 0) return new Set();
  const found = new Set(importedBy(files));
  // Imports of types are not there any more when the code runs.
  for (const file of found) {
    for (const specifier of namedIn(file)) {
      const target = resolve(specifier, file);
      if (target === undefined || !isOfAgents(target)) continue;
      for (const module of importedBy([target])) found.add(module);
    }
  }
  const real = new Set([...found].map((file) => realpathSync(file)));
  return new Set(candidates.filter((file) => real.has(realpathSync(file))));
}

function namedIn(file: string): string[] {
  try {
    const text = readFileSync(file, "utf8");
    return [...text.matchAll(/\bfrom\s*["'](\.[^"'\n]+)["']/g)].map(([, specifier = ""]) => specifier);
  } catch {
    return [];
  }
}
