import type { Log } from "../core/log.ts";

/** What all stores are given. */
export interface StoreOptions {
  log: Log;
  /** How long a record is kept after its last write, in milliseconds; 0 for ever. Asked whenever it matters. */
  expireMs(): number;
  /** Records of a collection that one owner may have; the oldest go. Asked whenever it matters. */
  maxPerOwner(): number;
  /**
   * Of all records together, with what each of them and of their entries costs besides; the oldest go, of the owner who
   * has most. Asked whenever it matters.
   */
  maxTotalBytes(): number;
  /** Unix milliseconds. */
  now(): number;
}

/** Most that a `list` gives at once. */
export const maxListed = 1_000;

/** What was last written before this, in Unix milliseconds, is not there any more. */
export function cutoffOf({ expireMs, now }: Pick<StoreOptions, "expireMs" | "now">): number {
  const milliseconds = expireMs();
  return milliseconds === 0 ? 0 : now() - milliseconds;
}
