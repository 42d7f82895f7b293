import type { Message } from "../core/generation.ts";
import type { RecordStore } from "./records.ts";

/** A conversation is found by its owner and its id: two owners may use one id for two conversations. */
export interface ConversationKey {
  /** `CallContext.owner`; empty where no keys are configured. */
  owner: string;
  id: string;
}

export interface StoredConversation {
  messages: readonly Message[];
  /** Counts the writes; the first is 1. */
  version: number;
}

export interface ConversationSummary extends ConversationKey {
  /** Public id of the agent that answered last. */
  model: string;
  messages: number;
  /** Unix milliseconds, both. */
  createdAt: number;
  updatedAt: number;
}

export interface ConversationWrite {
  key: ConversationKey;
  model: string;
  /** How many of the stored messages stay, from the first. */
  keep: number;
  /** Come after those. */
  append: readonly Message[];
  /** Version that was read, 0 for none. */
  expectedVersion: number;
}

/**
 * Transcripts of conversations. What was written survives the process where the store is on disk. Methods reject with
 * `ServeError` (`unavailable`, `store_unavailable`) when the store cannot be reached or is full; nothing is written
 * by halves.
 */
export interface ConversationStore {
  read(key: ConversationKey): Promise<StoredConversation | undefined>;
  /** The new version; undefined, and nothing is written, when the stored version is another than the expected one. */
  write(write: ConversationWrite): Promise<number | undefined>;
  /** Newest first; all owners' unless one is named. */
  list(options: { owner?: string; limit: number; offset: number }): Promise<readonly ConversationSummary[]>;
  /** Whether it was there. */
  delete(key: ConversationKey): Promise<boolean>;
}

export interface Store {
  readonly conversations: ConversationStore;
  readonly records: RecordStore;
  /** For finding out early: opens the database, which the first call would do. Rejects as the calls do. */
  open(): Promise<void>;
  /** Whether records can be written: rejects as the calls do. */
  probe(): Promise<void>;
  /** Writes what is left and lets go of the file. */
  close(): Promise<void>;
}
