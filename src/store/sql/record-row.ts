/** A record as it was before a change of it. */
export interface RecordRow {
  number: number;
  version: number;
  entries: number;
  nextPosition: number;
  entryBytes: number;
  bytes: number;
}

/** What a change did to its record. */
export interface Done {
  /** 0 where it is deleted. */
  version: number;
  number: number;
  /** How many more bytes, and records, the shelf has. */
  addedBytes: number;
  addedRecords: number;
  /** Of the whole record. */
  bytes: number;
}
