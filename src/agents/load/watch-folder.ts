import { existsSync, type FSWatcher, watch } from "node:fs";
import { basename } from "node:path";
import type { Log } from "../../core/log.ts";

export interface FolderWatchOptions {
  folder: string;
  /** Something happened to the file of that name, or to any of the folder's files. */
  onTouch: (name?: string) => void;
  log: Log;
}

/** What is gone is looked for again that often. */
const retryMs = 1_000;

/** Watches the files directly in a folder, also one that goes away and comes again. */
export function watchFolder({ folder, onTouch, log }: FolderWatchOptions): { close(): void } {
  let watcher: FSWatcher | undefined;
  let timer: ReturnType<typeof setInterval> | undefined;
  let isTold = false;

  const stop = () => {
    watcher?.close();
    watcher = undefined;
    clearInterval(timer);
  };

  const lose = (reason: unknown) => {
    stop();
    if (!isTold) log.warn("⚠ Changes of agent files are not noticed", { folder, reason: textOf(reason) });
    isTold = true;
    timer = setInterval(() => existsSync(folder) && start(), retryMs);
    timer.unref();
  };

  const start = () => {
    stop();
    try {
      watcher = watch(folder, (_event, name) => {
        if (name === basename(folder) && !existsSync(folder)) lose("the folder is gone");
        onTouch(name ?? undefined);
      });
      watcher.on("error", lose);
      watcher.unref();
      if (isTold) onTouch();
      isTold = false;
    } catch (error) {
      lose(error);
    }
  };

  start();
  return { close: stop };
}

function textOf(reason: unknown): string {
  return reason instanceof Error ? reason.message : String(reason);
}
