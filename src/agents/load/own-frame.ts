import { ownFolders } from "./modules.ts";

/** Whether an error was made in our own code, as far as its stack tells: those of the runtime have none. */
export function hasOwnFrame(thrown: unknown): boolean {
  if (!(thrown instanceof Error)) return false;
  return (thrown.stack ?? "")
    .split("\n")
    .some((line) => /^\s+at /.test(line) && ownFolders.some((folder) => line.includes(folder)));
}
