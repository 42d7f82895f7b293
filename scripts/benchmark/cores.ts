import { availableParallelism } from "node:os";

/**
 * Where processes run: what is measured on one core, backend and load on another, so that they do not take each
 * other's time. Empty where there are not two cores or no `taskset`.
 */
export interface Cores {
  measured?: string;
  load?: string;
}

export function chooseCores(): Cores {
  const isPossible =
    process.platform === "linux" && availableParallelism() > 1 && Bun.which("taskset") !== null;
  return isPossible ? { measured: "0", load: "1" } : {};
}

/** A command line that runs `command` on `core` only. */
export function pinned(command: readonly string[], core: string | undefined): string[] {
  return core === undefined ? [...command] : ["taskset", "-c", core, ...command];
}

/** Moves this process, which is the load, to `core`. */
export function pinSelf(core: string | undefined): void {
  if (core !== undefined) Bun.spawnSync(["taskset", "-acp", core, String(process.pid)]);
}
