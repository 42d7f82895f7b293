import { ServeError } from "../core/error.ts";
import type { Collection } from "./records.ts";
import { storeUnavailable } from "./unavailable.ts";

/** Nothing is pushed out of these: who fills them is told so, and has to delete. */
export const keptCollections: readonly Collection[] = ["file", "batch"];

/** What the kept collections may take of all bytes together, so that they leave room for the others. */
const keptShare = 0.5;

/** Bytes that the texts of one page take at most, but for the last one. */
export const maxPageBytes = 16_777_216;
/** Bytes of records that are read whole at once. */
export const maxReadBytes = 134_217_728;

export function isKept(collection: Collection): boolean {
  return keptCollections.includes(collection);
}

/** What a write adds, and to what. */
export interface Growth {
  collection: Collection;
  /** Bytes of the record as it will be, and how many more those are. */
  recordBytes: number;
  addedBytes: number;
  /** Of the kept collections together. */
  keptBytes: number;
  maxTotalBytes: number;
}

/** Throws for a record that there can be no room for, whatever is pushed out. */
export function assertRoom({ collection, recordBytes, addedBytes, keptBytes, maxTotalBytes }: Growth): void {
  if (addedBytes <= 0) return;
  if (recordBytes > maxTotalBytes) throw storeUnavailable(`A record of ${recordBytes} bytes is too large.`);
  if (isKept(collection) && keptBytes + addedBytes > maxTotalBytes * keptShare) throw storeFull();
}

/** Nothing that could be pushed out is left. */
export function storeFull(): ServeError {
  return new ServeError("too_large", "There is no room left. Delete something that is not needed any more.", {
    code: "store_full",
  });
}

export function tooLargeToRead(): ServeError {
  return new ServeError("too_large", "What is stored there is too large to be read at once.", {
    code: "stored_too_large",
  });
}
