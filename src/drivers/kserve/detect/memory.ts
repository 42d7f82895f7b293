import type { RepositoryModel } from "../codec/messages.ts";
import type { DiscoveryMemory, Looked } from "./discover.ts";

/** Tensors can change under the same version: what was seen is looked at again after this. */
const freshMs = 60_000;
/** More than one discovery looks at. */
const maxEntries = 2_000;

export interface DroppableMemory extends DiscoveryMemory {
  /** Has the model looked at again. */
  drop(name: string): void;
}

/** Remembers models by their entry in the server's list, for a minute each. `now` is in milliseconds, monotonic. */
export function createDiscoveryMemory(now: () => number): DroppableMemory {
  const seen = new Map<string, { name: string; looked: Looked; at: number }>();
  return {
    recall(entry) {
      const known = seen.get(keyOf(entry));
      return known !== undefined && now() - known.at < freshMs ? known.looked : undefined;
    },
    keep(entry, looked) {
      const key = keyOf(entry);
      seen.delete(key);
      seen.set(key, { name: entry.name, looked, at: now() });
      // The oldest stands first.
      for (const old of seen.keys()) {
        if (seen.size <= maxEntries) break;
        seen.delete(old);
      }
    },
    drop(name) {
      for (const [key, known] of seen) if (known.name === name) seen.delete(key);
    },
  };
}

function keyOf({ name, version, state, reason }: RepositoryModel): string {
  return JSON.stringify([name, version, state, reason]);
}
