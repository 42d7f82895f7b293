import type { Change, RecordKey } from "../records.ts";
import { type MemoryRecord, type Moment, nameOf, put, removeEntry } from "./memory-record.ts";

/** What a write makes of a record; `after` is undefined where it deletes it. */
export interface Step {
  before: MemoryRecord | undefined;
  after: MemoryRecord | undefined;
}

export type Plan =
  | { kind: "planned"; steps: readonly Step[]; versions: readonly number[] }
  | { kind: "conflict"; change: number };

/** What becomes of the records of `find`; each change sees what those before it did. Changes nothing itself. */
export function planWrite(
  changes: readonly Change[],
  find: (key: RecordKey) => MemoryRecord | undefined,
  moment: Moment,
): Plan {
  const steps = new Map<string, Step>();
  const versions: number[] = [];
  for (const [index, change] of changes.entries()) {
    const name = nameOf(change.key);
    const step = steps.get(name) ?? { before: find(change.key), after: find(change.key) };
    const after = apply(step.after, change, moment);
    if (after === "conflict") return { kind: "conflict", change: index };
    steps.set(name, { before: step.before, after });
    versions.push(after?.version ?? 0);
  }
  return { kind: "planned", steps: [...steps.values()], versions };
}

function apply(
  record: MemoryRecord | undefined,
  change: Change,
  moment: Moment,
): MemoryRecord | undefined | "conflict" {
  const version = record?.version ?? 0;
  switch (change.kind) {
    case "put":
      return change.expectedVersion === version ? (put(record, change, moment) ?? "conflict") : "conflict";
    case "remove-entry":
      return record !== undefined && change.expectedVersion === version
        ? (removeEntry(record, change, moment.now) ?? "conflict")
        : "conflict";
    case "delete":
      return record !== undefined && (change.expectedVersion ?? version) === version ? undefined : "conflict";
  }
}
