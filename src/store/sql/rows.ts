import type { Collection, RecordKey, StoredEntry, StoredRecord } from "../records.ts";
import type { Row } from "./statement.ts";

export function numberIn(row: Row | undefined, column: string): number {
  return Number(row?.[column] ?? 0);
}

/** Undefined for NULL. */
export function optionalNumberIn(row: Row, column: string): number | undefined {
  const value = row[column] ?? undefined;
  return value === undefined ? undefined : Number(value);
}

export function textIn(row: Row, column: string): string {
  return String(row[column] ?? "");
}

/** The columns of `headColumns`, but for the text. */
export function headOf(row: Row, { collection, owner }: Omit<RecordKey, "id">): Omit<StoredRecord, "text"> {
  const parent = row["parent"] ?? undefined;
  const [expiresAt, dueAt] = [optionalNumberIn(row, "expires_at"), optionalNumberIn(row, "due_at")];
  // Nobody but `write-changes` writes them.
  const labels: Record<string, string> = JSON.parse(textIn(row, "labels"));
  return {
    key: { collection, owner, id: textIn(row, "id") },
    version: numberIn(row, "version"),
    createdAt: numberIn(row, "created_at"),
    updatedAt: numberIn(row, "updated_at"),
    ...(expiresAt !== undefined && { expiresAt }),
    ...(parent !== undefined && { parent: String(parent) }),
    labels,
    entries: numberIn(row, "entries"),
    ...(dueAt !== undefined && { dueAt }),
  };
}

export function entryOf(row: Row): StoredEntry {
  const id = row["entry_id"] ?? undefined;
  return {
    ...(id !== undefined && { id: String(id) }),
    position: numberIn(row, "position"),
    text: textIn(row, "text"),
  };
}

export function collectionIn(row: Row): Collection {
  const name = textIn(row, "collection");
  const found = collections.find((collection) => collection === name);
  if (found === undefined) throw new Error("The store has a collection of another program.");
  return found;
}

const collections: readonly Collection[] = ["conversation", "response", "completion", "file", "batch"];
