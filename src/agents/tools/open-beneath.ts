import { constants, existsSync } from "node:fs";
import { lstat, open, type FileHandle } from "node:fs/promises";
import { join } from "node:path";

/** Opens a file that lies below `root`. Rejects with the system's error, or `ELOOP` where a link is on the way. */
export type OpenBeneath = (root: string, steps: readonly [string, ...string[]]) => Promise<FileHandle>;

/**
 * Opens step by step and follows no link but those that lead to `root`, as `openat2` with `RESOLVE_BENEATH` and
 * `RESOLVE_NO_SYMLINKS` would: each step is looked up in the folder that the last one opened, so that nobody can put
 * another in its place meanwhile. Never waits for the other end of a pipe.
 */
export const openThroughHandles: OpenBeneath = async (root, steps) => {
  const { O_RDONLY, O_DIRECTORY, O_NOFOLLOW } = constants;
  let folder = await open(root, O_RDONLY | O_DIRECTORY);
  try {
    for (const step of steps.slice(0, -1)) {
      const inner = await open(entryOf(folder, step), O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
      await folder.close();
      folder = inner;
    }
    return await open(entryOf(folder, steps[steps.length - 1] ?? steps[0]), fileFlags());
  } finally {
    await folder.close();
  }
};

/**
 * For systems without `/proc`: looks at each step before the file is opened, and again at all of them afterwards. Who
 * can write below `root` while it looks could lead it out between two swaps that both go unseen.
 */
export const openAfterLooking: OpenBeneath = async (root, steps) => {
  const paths = steps.map((_, index) => join(root, ...steps.slice(0, index + 1)));
  await assertNoLinks(paths);
  const file = await open(paths[paths.length - 1] ?? root, fileFlags());
  try {
    await assertNoLinks(paths);
    const [opened, named] = [await file.stat(), await lstat(paths[paths.length - 1] ?? root)];
    if (opened.ino !== named.ino || opened.dev !== named.dev) throw isLink();
    return file;
  } catch (error) {
    await file.close();
    throw error;
  }
};

/** The safest way that this system has. */
export const openBeneath: OpenBeneath = (root, steps) =>
  existsSync("/proc/self/fd") ? openThroughHandles(root, steps) : openAfterLooking(root, steps);

function entryOf(folder: FileHandle, name: string): string {
  return `/proc/self/fd/${folder.fd}/${name}`;
}

/** Windows knows neither of the last two; they are undefined there, and count as 0. */
function fileFlags(): number {
  return constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
}

async function assertNoLinks(paths: readonly string[]): Promise<void> {
  for (const path of paths) {
    if ((await lstat(path)).isSymbolicLink()) throw isLink();
  }
}

function isLink(): Error {
  return Object.assign(new Error("A link is on the way."), { code: "ELOOP" });
}
