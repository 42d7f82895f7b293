import { isOfAgents, withoutVersion } from "./modules.ts";

const maxCauses = 5;

/**
 * The first place in the code of agent files that an error or what led to it names, as `file:line:column`; undefined
 * if it does not come from there.
 */
export function frameOf(thrown: unknown): string | undefined {
  let current = thrown;
  for (let causes = 0; current instanceof Error && causes < maxCauses; causes++) {
    const frame = frameIn(current.stack ?? "");
    if (frame !== undefined) return frame;
    current = current.cause;
  }
  return undefined;
}

function frameIn(stack: string): string | undefined {
  for (const [, path = "", place = ""] of stack.matchAll(
    /^\s+at (?:[^\n]*\()?((?:\/|[A-Z]:)[^\n]*?)(:\d+:\d+)\)?$/gm,
  )) {
    const file = withoutVersion(path);
    if (isOfAgents(file)) return file + place;
  }
  return undefined;
}
