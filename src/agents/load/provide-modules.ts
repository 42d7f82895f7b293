import { plugin } from "bun";
import { dirname } from "node:path";
import type { CreateServer } from "../kit/server.ts";
import { kitName } from "./kit-name.ts";

/** There as well as the kit. */
const schemasName = "@sinclair/typebox";

const provided = new Set<string>();

/**
 * Makes the kit importable in this process; an installed package of its name is not looked at. TypeBox only where one of the
 * files has none installed.
 */
export async function provideModules(
  kit: Readonly<Record<string, unknown>>,
  files: readonly string[],
): Promise<void> {
  provide(kitName, { ...kit, createServer: refuseServer });
  const isMissing = files.some((file) => !isInstalled(schemasName, dirname(file)));
  if (isMissing && !provided.has(schemasName)) provide(schemasName, await import("@sinclair/typebox"));
}

/** It would be one more at each look at the file, and in each process that runs its agents. */
const refuseServer: CreateServer = () => {
  throw new Error(
    "A file of agents starts no server: oai-serve serves what it exports. Keep createServer for `if (import.meta.main)`.",
  );
};

function provide(name: string, exports: Readonly<Record<string, unknown>>): void {
  if (provided.has(name)) return;
  provided.add(name);
  plugin({
    name,
    setup(builder) {
      builder.module(name, () => ({ exports: { ...exports }, loader: "object" }));
    },
  });
}

function isInstalled(name: string, directory: string): boolean {
  try {
    Bun.resolveSync(name, directory);
    return true;
  } catch {
    return false;
  }
}
