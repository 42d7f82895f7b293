import type {
  Change,
  Collection,
  EntryOptions,
  ListOptions,
  Page,
  RecordKey,
  StoredEntry,
  StoredRecord,
  WholeRecord,
  WriteResult,
} from "../records.ts";
import {
  asJson,
  optional,
  packedChanges,
  packedEntries,
  packedEntry,
  packedHead,
  packedHeads,
  packedPage,
  packedWholes,
  type Packing,
  type Part,
} from "./packing.ts";

/** The arguments of each kind of job, and what it results in. */
interface JobTable {
  head: [args: RecordKey, result: StoredRecord | undefined];
  chain: [args: { key: RecordKey; limit: number }, result: readonly WholeRecord[]];
  entries: [args: { key: RecordKey; options: EntryOptions }, result: Page<StoredEntry> | undefined];
  "find-entry": [
    args: { collections: readonly Collection[]; owner: string; id: string },
    result: (StoredEntry & { key: RecordKey }) | undefined,
  ];
  list: [args: ListOptions, result: Page<StoredRecord> | undefined];
  write: [args: readonly Change[], result: WriteResult];
  claim: [args: { collection: Collection; leaseMs: number; limit: number }, result: readonly StoredRecord[]];
  /** Removes some of what has expired: whether there is nothing more. */
  sweep: [args: null, result: boolean];
  /** Writes what stands there already, so that what keeps the store from being written is found. */
  probe: [args: null, result: null];
}

export type JobKind = keyof JobTable;
export type ArgsOf<Kind extends JobKind> = JobTable[Kind][0];
export type ResultOf<Kind extends JobKind> = JobTable[Kind][1];

/**
 * What a store's thread is asked for. Bun hands an array of plain strings and numbers to another thread without copying
 * the texts. The `now` of the asking thread, in Unix milliseconds, is not asked by databases that have a clock.
 */
export type Job = readonly [
  kind: JobKind,
  id: number,
  now: number,
  expireMs: number,
  maxPerOwner: number,
  maxTotalBytes: number,
  json: string,
  ...parts: Part[],
];

/** What comes back, one for each job. */
export type Reply =
  | readonly [kind: "done", id: number, json: string, ...parts: Part[]]
  /** The store works, and there is no room for that. */
  | readonly [kind: "no-room", id: number, reason: string]
  /** The store works, and does not do that: the sentence and the code of a `ServeError`. */
  | readonly [kind: "too-large", id: number, message: string, code: string]
  | readonly [kind: "failed", id: number, reason: string]
  /** The database is not there now. */
  | readonly [kind: "unreachable", id: number, reason: string];

/** How each kind of job, and what it results in, is packed. */
export const packings: {
  readonly [Kind in JobKind]: { args: Packing<ArgsOf<Kind>>; result: Packing<ResultOf<Kind>> };
} = {
  head: { args: asJson(), result: optional(packedHead) },
  chain: { args: asJson(), result: packedWholes },
  entries: { args: asJson(), result: optional(packedEntries) },
  "find-entry": { args: asJson(), result: optional(packedEntry) },
  list: { args: asJson(), result: optional(packedPage) },
  write: { args: packedChanges, result: asJson() },
  claim: { args: asJson(), result: packedHeads },
  sweep: { args: asJson(), result: asJson() },
  probe: { args: asJson(), result: asJson() },
};

/** Whether a job changes the store. */
export function changes([kind]: Job): boolean {
  return kind === "write" || kind === "claim" || kind === "sweep" || kind === "probe";
}
