import type { Durability } from "../location.ts";

/**
 * What goes to the thread. Bun hands an array of plain strings and numbers to another thread without copying the
 * texts. `cutoff` is a time in Unix milliseconds: what was last written before it has expired.
 */
export type Job =
  | readonly [kind: "read", id: number, cutoff: number, owner: string, conversation: string]
  | readonly [
      kind: "write",
      id: number,
      cutoff: number,
      owner: string,
      conversation: string,
      model: string,
      now: number,
      maxPerOwner: number,
      maxTotalBytes: number,
      keep: number,
      expectedVersion: number,
      ...texts: string[],
    ]
  | readonly [kind: "list", id: number, cutoff: number, limit: number, offset: number]
  | readonly [kind: "list-owned", id: number, cutoff: number, limit: number, offset: number, owner: string]
  | readonly [kind: "delete", id: number, cutoff: number, owner: string, conversation: string]
  /** Removes some of what has expired. */
  | readonly [kind: "sweep", id: number, cutoff: number]
  | readonly [kind: "close", id: number];

/** The first message, which has no reply. */
export type Opening = readonly [kind: "open", path: string, durability: Durability];

/** What comes back, one for each job. */
export type Reply =
  | readonly [kind: "found", id: number, version: number, ...texts: string[]]
  | readonly [kind: "none", id: number]
  | readonly [kind: "written", id: number, version: number]
  /** The stored version was another one: nothing was written. */
  | readonly [kind: "conflict", id: number]
  /** Six fields for each: owner, id, model, number of messages, the times of the first and of the last write. */
  | readonly [kind: "listed", id: number, ...fields: (string | number)[]]
  | readonly [kind: "deleted", id: number]
  /** `isDone` is 0 while there is more to remove. */
  | readonly [kind: "swept", id: number, isDone: number]
  | readonly [kind: "closed", id: number]
  | readonly [kind: "failed", id: number, reason: string];
