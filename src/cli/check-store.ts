import type { LoadedConfig } from "../config/load.ts";
import { readStoreUrl } from "../store/location.ts";
import { inspectFile } from "../store/sqlite/inspect-file.ts";
import { reasonOf } from "../store/unavailable.ts";
import { unusableStore } from "./store-error.ts";

/** Whether conversations can be kept where they are to be; makes no file. */
export function checkStore({ config, isStoreChosen, place }: LoadedConfig): { lines: string[]; ok: boolean } {
  const location = readStoreUrl(config.store);
  if (location.kind === "memory") return { lines: ["✓ conversations: in memory"], ok: true };
  try {
    inspectFile(location.path);
    return { lines: [`✓ conversations: ${location.path}`], ok: true };
  } catch (error) {
    if (isStoreChosen)
      return { lines: [`✗ ${unusableStore(config.store, { error, place }).message}`], ok: false };
    const reason = reasonOf(error);
    return { lines: [`⚠ Conversations would be kept in memory and lost at the end: ${reason}`], ok: true };
  }
}
