import type { StoreOptions } from "../options.ts";
import { assertRoom, isKept, storeFull } from "../room.ts";
import { storeUnavailable } from "../unavailable.ts";
import { type MemoryRecord, nameOf } from "./memory-record.ts";
import type { Step } from "./plan.ts";
import type { RecordTable, Shelf } from "./record-table.ts";

/**
 * Pushes out of `table` what stands in the way of a write. Throws, and pushes nothing out, when there is no room for
 * it: as `assertRoom` does, `store_full` for too many records, `unavailable` for too many bytes.
 */
export function makeRoom(table: RecordTable, steps: readonly Step[], options: StoreOptions): void {
  const written = new Set(steps.flatMap(({ after }) => (after === undefined ? [] : [nameOf(after.key)])));
  const canGo = (record: MemoryRecord) => record.dueAt === undefined && !written.has(nameOf(record.key));
  const room = { table, canGo, maxTotalBytes: options.maxTotalBytes() };
  for (const step of steps) assertStep(step, room);
  const tooMany = steps.flatMap((step) => excessOf(step, steps, { ...room, most: options.maxPerOwner() }));
  const addedBytes = steps.reduce((sum, step) => sum + addedBy(step), 0);
  const isTooMuch = () => addedBytes > 0 && totalBytes(table) + addedBytes > room.maxTotalBytes;
  for (const record of tooMany) table.delete(record);
  if (isTooMuch() && oldestOfLargest(room) === undefined && tooMany.length === 0) {
    throw storeUnavailable("Nothing is left that could be pushed out.");
  }
  while (isTooMuch()) {
    const oldest = oldestOfLargest(room);
    if (oldest === undefined) return;
    table.delete(oldest);
  }
}

interface Room {
  table: RecordTable;
  canGo: (record: MemoryRecord) => boolean;
  maxTotalBytes: number;
}

function assertStep(step: Step, { table, maxTotalBytes }: Room): void {
  if (step.after === undefined) return;
  const kept = [...table.shelves].filter(({ collection }) => isKept(collection));
  assertRoom({
    collection: step.after.key.collection,
    recordBytes: step.after.bytes,
    addedBytes: addedBy(step),
    keptBytes: sumBytes(kept),
    maxTotalBytes,
  });
}

function addedBy({ before, after }: Step): number {
  return (after?.bytes ?? 0) - (before?.bytes ?? 0);
}

/** The oldest records that are too many once the step, a new record, is done. */
function excessOf(
  { before, after }: Step,
  steps: readonly Step[],
  { table, canGo, most }: Room & { most: number },
): readonly MemoryRecord[] {
  if (after === undefined || before !== undefined) return [];
  const { collection, owner } = after.key;
  const shelf = table.shelf(collection, owner);
  const added = steps.filter(
    (step) =>
      step.before === undefined &&
      step.after?.key.collection === collection &&
      step.after.key.owner === owner,
  );
  const excess = (shelf?.made.size ?? 0) + added.length - most;
  if (excess <= 0) return [];
  const oldest = isKept(collection) ? [] : oldestOf(shelf, canGo, excess);
  if (oldest.length === 0) throw storeFull();
  return oldest;
}

function oldestOf(shelf: Shelf | undefined, canGo: Room["canGo"], most: number): MemoryRecord[] {
  const oldest: MemoryRecord[] = [];
  for (const record of shelf?.written.values() ?? []) {
    if (oldest.length === most) break;
    if (canGo(record)) oldest.push(record);
  }
  return oldest;
}

function totalBytes(table: RecordTable): number {
  return sumBytes([...table.shelves]);
}

function sumBytes(shelves: readonly Shelf[]): number {
  return shelves.reduce((sum, { bytes }) => sum + bytes, 0);
}

/** What is written stays: where its owner has nothing else, it is the next one's turn. */
function oldestOfLargest({ table, canGo }: Room): MemoryRecord | undefined {
  const owners = Map.groupBy(table.shelves, ({ owner }) => owner);
  for (const shelves of [...owners.values()].toSorted((one, other) => sumBytes(other) - sumBytes(one))) {
    const [oldest] = shelves
      .filter(({ collection }) => !isKept(collection))
      .flatMap((shelf) => oldestOf(shelf, canGo, 1))
      .toSorted((one, other) => one.updatedAt - other.updatedAt);
    if (oldest !== undefined) return oldest;
  }
  return undefined;
}
