import { ServeError } from "../../../core/error.ts";
import type { JsonRecord } from "../../../core/json.ts";
import { mapAtMost } from "../../../core/map-at-most.ts";
import type { RecordStore, StoredEntry } from "../../../store/records.ts";
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
  /** Characters of all that references stand for together: one that is short may stand for much. */
  maxCharacters: number;
}

/**
 * The items, with what references stand for in their place: items of any response or conversation of the same owner.
 * Rejects with `not_found`, with `too_large`, and as the store does.
 */
export async function resolveReferences(
  items: readonly JsonRecord[],
  deps: ReferenceDeps,
): Promise<JsonRecord[]> {
  let left = deps.maxCharacters;
  return await mapAtMost(lookUps, items, async (given) => {
    if (!isItemReference(given)) return given;
    const entry = await lookUp(given.id, deps);
    left -= entry.text.length;
    if (left < 0) throw tooMuch(deps);
    const [item] = await ofEntries([entry]);
    return item ?? given;
  });
}

async function lookUp(id: string, { owner, records, param }: ReferenceDeps): Promise<StoredEntry> {
  const entry = itemIdForm.test(id)
    ? await records.findEntry(["response", "conversation"], owner ?? "", id)
    : undefined;
  if (entry !== undefined) return entry;
  throw new ServeError("not_found", `An item that '${param}' refers to is not found.`, {
    code: "not_found",
    param,
  });
}

function tooMuch({ param, maxCharacters }: ReferenceDeps): ServeError {
  return new ServeError(
    "too_large",
    `The items that '${param}' refers to have more than ${maxCharacters} characters together.`,
    { code: "request_too_large", param },
  );
}
