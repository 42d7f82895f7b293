import { createId } from "../../../core/ids.ts";
import type { RecordKey, StoredRecord } from "../../../store/records.ts";

/** Ids of files as they are in paths and bodies. */
export const fileId = { what: "File", param: "file_id", form: /^file-[A-Za-z0-9_-]{1,64}$/ } as const;

/** What is known of a file besides its bytes. */
export interface FileHead {
  filename: string;
  purpose: string;
  bytes: number;
}

export interface StoredFile extends FileHead {
  id: string;
  /** Unix milliseconds, both. */
  createdAt: number;
  expiresAt?: number;
}

export function createFileId(): string {
  return createId("file-", 24);
}

export function fileKey(owner: string, id: string): RecordKey {
  return { collection: "file", owner, id };
}

/** A file that is still written is there for nobody else. No shorter than those of a whole one, which need no room then. */
export function writingLabels(purpose = ""): Readonly<Record<string, string>> {
  return { state: "writing", purpose };
}

/** Of a file that is whole; by these it is found. */
export function readyLabels(purpose?: string): Readonly<Record<string, string>> {
  return { state: "ready", ...(purpose !== undefined && { purpose }) };
}

export function headText({ filename, purpose, bytes }: FileHead): string {
  return JSON.stringify({ filename, purpose, bytes });
}

export function headOf({ text }: Pick<StoredRecord, "text">): FileHead {
  const head: FileHead = JSON.parse(text);
  return head;
}

/** Undefined for one that is still written. */
export function toStoredFile(record: StoredRecord): StoredFile | undefined {
  if (record.labels["state"] !== "ready") return undefined;
  return {
    ...headOf(record),
    id: record.key.id,
    createdAt: record.createdAt,
    ...(record.expiresAt !== undefined && { expiresAt: record.expiresAt }),
  };
}
