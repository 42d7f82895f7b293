import { basename, dirname, join } from "node:path";
import { readFileSync, statSync } from "node:fs";
import type { Log } from "../../core/log.ts";
import { isAgentFileName } from "./find-agent-files.ts";
import { watchFolder } from "./watch-folder.ts";

export interface WatchOptions {
  /** Files and folders that the agents come from, as absolute paths. */
  files: readonly string[];
  /** Called with the absolute paths of what has other content now. */
  onChange: (changed: readonly string[]) => void;
  log: Log;
  /** How long after the last sign of a change the files are compared, in milliseconds; 50 unless told. */
  settleMs?: number;
}

export interface Watch {
  /** After each load: `modules` are watched as well. */
  follow(modules: readonly string[]): void;
  close(): void;
}

const defaultSettleMs = 50;
/** Of a graph of modules in more folders than that, a part is watched. */
const maxFolders = 1_000;

/**
 * Watches agent files, what they import, and code that comes to stand next to them, also where editors replace files
 * instead of writing them. Only other content counts.
 */
export function watchAgentFiles({ files, onChange, log, settleMs = defaultSettleMs }: WatchOptions): Watch {
  const folders = new Map<string, { close(): void }>();
  /** By path; undefined for what cannot be read. */
  const contents = new Map<string, bigint | number | undefined>();
  const touched = new Set<string>();
  let timer: ReturnType<typeof setTimeout> | undefined;

  const compare = () => {
    const changed = [...touched].filter((file) => {
      const before = contents.get(file);
      contents.set(file, fingerprint(file));
      return contents.get(file) !== before;
    });
    touched.clear();
    if (changed.length > 0) onChange(changed);
  };

  const touch = (file: string) => {
    if (!contents.has(file) && !isCode(file)) return;
    touched.add(file);
    clearTimeout(timer);
    timer = setTimeout(compare, settleMs);
  };

  const touchAll = (folder: string) => {
    for (const file of contents.keys()) if (dirname(file) === folder) touch(file);
  };

  const follow = (paths: readonly string[]) => {
    for (const path of paths) {
      const isWhole = isFolder(path);
      const folder = isWhole ? path : dirname(path);
      if (!isWhole && !contents.has(path)) contents.set(path, fingerprint(path));
      if (folders.has(folder) || folders.size >= maxFolders) continue;
      const onTouch = (name?: string) => (name === undefined ? touchAll(folder) : touch(join(folder, name)));
      folders.set(folder, watchFolder({ folder, onTouch, log }));
    }
  };

  follow(files);
  return {
    follow,
    close() {
      clearTimeout(timer);
      for (const folder of folders.values()) folder.close();
    },
  };
}

/** What would be loaded, or imported by what is loaded. */
function isCode(file: string): boolean {
  return isAgentFileName(basename(file).replace(/^_/, ""));
}

function fingerprint(file: string): bigint | number | undefined {
  try {
    return Bun.hash(readFileSync(file));
  } catch {
    return undefined;
  }
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}
