import { posix, win32 } from "node:path";

const file = "oai-serve.db";

/**
 * The store where none is named: a file in the service manager's folder for it, else in the user's; memory where the
 * environment says of neither where it is.
 */
export function defaultStore(read: (name: string) => string | undefined, platform: string): string {
  const state = read("STATE_DIRECTORY")?.split(":", 1)[0];
  if (state !== undefined && state !== "") return `sqlite:${posix.join(state, file)}`;
  if (platform === "win32") {
    const local = read("LOCALAPPDATA");
    return local === undefined ? "memory:" : `sqlite:${win32.join(local, "oai-serve", file)}`;
  }
  const home = read("HOME");
  const folder =
    read("XDG_STATE_HOME") ?? (home === undefined ? undefined : posix.join(home, ".local/state"));
  return folder === undefined || !posix.isAbsolute(folder)
    ? "memory:"
    : `sqlite:${posix.join(folder, "oai-serve", file)}`;
}
