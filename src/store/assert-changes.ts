import { ServeError } from "../core/error.ts";
import type { Change } from "./records.ts";

/** Longest id of a record, and name of a label: an index must hold them. */
const maxNameLength = 512;

/** Throws `invalid_request` for a write with names that are too long to be found by. */
export function assertChanges(changes: readonly Change[]): void {
  for (const change of changes) {
    if (change.kind !== "put") continue;
    const names = [change.key.id, change.key.owner, ...Object.keys(change.labels ?? {})];
    if (names.every(({ length }) => length <= maxNameLength)) continue;
    throw new ServeError("invalid_request", `An id or a name may have ${maxNameLength} characters at most.`, {
      code: "name_too_long",
    });
  }
}
