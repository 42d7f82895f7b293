/** What is kept, by kind; each surface alone knows what the texts of its records mean. */
export type Collection = "conversation" | "response" | "completion" | "file" | "batch";

/** A record is found by all three: two owners may use one id for two records. */
export interface RecordKey {
  collection: Collection;
  /** `CallContext.owner`; empty where no keys are configured. */
  owner: string;
  id: string;
}

export interface StoredRecord {
  key: RecordKey;
  /** Counts the writes; the first is 1. Each write, claim included, makes it one more. */
  version: number;
  /** Unix milliseconds, both. */
  createdAt: number;
  updatedAt: number;
  /** When it is gone by itself, in Unix milliseconds, whatever the operator's limit for all records is. */
  expiresAt?: number;
  /** Id of the record that it goes on from, in the same collection and of the same owner; it may be gone. */
  parent?: string;
  /** Found by in lists. */
  labels: Readonly<Record<string, string>>;
  /** Its head, usually JSON. */
  text: string;
  /** How many entries it has. */
  entries: number;
  /** Somebody has to take it up from then on, in Unix milliseconds; absent where there is nothing to do. See `claim`. */
  dueAt?: number;
}

/** One of a record's texts, which stand in the order in which they were appended. */
export interface Entry {
  /** By which it is found, alone or as a place in the list; need not be unique. */
  id?: string;
  text: string;
}

export interface StoredEntry extends Entry {
  /** Grows with each entry of a record; there are gaps where entries were removed. */
  position: number;
}

/** A record with all its entries. */
export interface WholeRecord extends StoredRecord {
  list: readonly StoredEntry[];
}

export type Change =
  | {
      kind: "put";
      key: RecordKey;
      /** Version that was read: 0 for a new record. */
      expectedVersion: number;
      /** What is left out stays as it is; in a new record it is empty. */
      text?: string;
      labels?: Readonly<Record<string, string>>;
      parent?: string;
      /** From now on; `null` takes it away. */
      expireInMs?: number | null;
      /** From now on, 0 for at once; `null` when there is nothing left to do. */
      dueInMs?: number | null;
      /** How many of the entries stay, from the first; all if left out. */
      keep?: number;
      /** Come after those. */
      append?: readonly Entry[];
    }
  | { kind: "remove-entry"; key: RecordKey; expectedVersion: number; position: number }
  /** The version does not matter where it is left out. */
  | { kind: "delete"; key: RecordKey; expectedVersion?: number };

/** What became of a write: the new version of each record, 0 where it was deleted; or that nothing was written. */
export type WriteResult =
  | { kind: "written"; versions: readonly number[] }
  /**
   * One of the records, `change` being its place in the write, has another version than expected, or is not there, or
   * has no such entry.
   */
  | { kind: "conflict"; change: number };

export interface ListOptions {
  collection: Collection;
  /** All owners' if absent, which is for operators only. */
  owner?: string;
  /** Only those whose labels are all of these. */
  labels?: Readonly<Record<string, string>>;
  /** By the time they were made. */
  order: "asc" | "desc";
  /** Begins behind the record of this id. */
  after?: string;
  /** Whose record that is, where `owner` is absent. */
  afterOwner?: string;
  /** At most 1,000 are given, and fewer where their texts are many megabytes: then there are more. */
  limit: number;
}

export interface EntryOptions {
  order: "asc" | "desc";
  /** Begins behind this position. */
  after?: number;
  /** Entries up to this position only, itself included. */
  upTo?: number;
  /** As in a list. */
  limit: number;
}

/** One page; `hasMore` says whether there is another behind it. */
export interface Page<Item> {
  items: readonly Item[];
  hasMore: boolean;
}

/**
 * Records that last. What was acknowledged survives the process where the store is on disk, and nothing is written by
 * halves: a write with several changes is made as a whole or not at all, each change upon what those before it made. What
 * has expired or was pushed out by newer records is not there for any method; never pushed out are files, batches, and
 * what has a `dueAt`. Methods reject with `ServeError`:
 *
 * - `unavailable` (`store_unavailable`) when the store cannot be reached or has no room;
 * - `too_large` (`store_full`) when an owner has too many records of a collection of which nothing may go, or all files
 *   and batches are more than half of what may be stored;
 * - `too_large` (`stored_too_large`) when `read` or `chain` would read more than 128 MiB;
 * - `invalid_request` (`name_too_long`) for an id or a label's name of over 512 characters.
 */
export interface RecordStore {
  /** Without its entries. */
  head(key: RecordKey): Promise<StoredRecord | undefined>;
  read(key: RecordKey): Promise<WholeRecord | undefined>;
  /** Undefined if there is no such record. */
  entries(key: RecordKey, options: EntryOptions): Promise<Page<StoredEntry> | undefined>;
  /** The newest entry of that id in any record of these collections. */
  findEntry(
    collections: readonly Collection[],
    owner: string,
    id: string,
  ): Promise<(StoredEntry & { key: RecordKey }) | undefined>;
  /**
   * The record, its parent, that one's parent and so on, in one query; the oldest first. Undefined if the record
   * itself is not there. A parent that is gone ends it, as does the number `limit` of records.
   */
  chain(key: RecordKey, limit: number): Promise<readonly WholeRecord[] | undefined>;
  /** Undefined when `after` names a record that is not there. */
  list(options: ListOptions): Promise<Page<StoredRecord> | undefined>;
  write(changes: readonly Change[]): Promise<WriteResult>;
  /**
   * Takes up to `limit` records of a collection that are due, of all owners, and makes them due again `leaseMs` from
   * now: for so long nobody else is given them. Whoever has them pushes `dueInMs` out while at work, and with each
   * write the version that `claim` gave: after a claim by somebody else the write is a conflict.
   */
  claim(
    collection: Collection,
    options: { leaseMs: number; limit: number },
  ): Promise<readonly StoredRecord[]>;
}
