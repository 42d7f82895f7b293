import { plugin } from "bun";
import { dirname } from "node:path";

/** Names under which agent files find what they need, whether or not it is installed. */
const kitName = "oai-serve";
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
  provide(kitName, kit);
  const isMissing = files.some((file) => !isInstalled(schemasName, dirname(file)));
  if (isMissing && !provided.has(schemasName)) provide(schemasName, await import("@sinclair/typebox"));
}

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
