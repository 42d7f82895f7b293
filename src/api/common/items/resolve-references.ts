import { ServeError } from "../../../core/error.ts";
import type { JsonRecord } from "../../../core/json.ts";
import { mapAtMost } from "../../../core/map-at-most.ts";
import type { RecordStore } from "../../../store/records.ts";
import { ofEntries } from "./entries.ts";
import { isItemReference } from "./kinds.ts";
import { itemIdForm } from "./to-item.ts";

/** Looked up at once. */
const lookUps = 8;

export interface ReferenceDeps {
  owner: string | undefined;
  records: RecordStore;
  /** The field that has the items, for errors. */
  param: string;
}

/**
 * The items, with what references stand for in their place: items of any response or conversation of the same owner.
 * Rejects with `not_found`, and as the store does.
 */
export async function resolveReferences(
  items: readonly JsonRecord[],
  deps: ReferenceDeps,
): Promise<JsonRecord[]> {
  return await mapAtMost(lookUps, items, async (item) =>
    isItemReference(item) ? await lookUp(item.id, deps) : item,
  );
}

async function lookUp(id: string, { owner, records, param }: ReferenceDeps): Promise<JsonRecord> {
  const entry = itemIdForm.test(id)
    ? await records.findEntry(["response", "conversation"], owner ?? "", id)
    : undefined;
  const [item] = entry === undefined ? [] : await ofEntries([entry]);
  if (item !== undefined) return item;
  throw new ServeError("not_found", `An item that '${param}' refers to is not found.`, {
    code: "not_found",
    param,
  });
}
