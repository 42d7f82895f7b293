import type { RecordStore } from "./records.ts";

export interface Store {
  readonly records: RecordStore;
  /** For finding out early: opens the database, which the first call would do. Rejects as the calls do. */
  open(): Promise<void>;
  /** Whether records can be written: rejects as the calls do. */
  probe(): Promise<void>;
  /** Writes what is left and lets go of the file. */
  close(): Promise<void>;
}
