import type { CallContext } from "../../core/generation.ts";
import type { RecordKey, RecordStore, StoredEntry, WholeRecord } from "../../store/records.ts";
import { deleteRecord } from "../common/change-record.ts";
import { encodeList, unknownCursor } from "../common/encode-list.ts";
import { notFound, pathId } from "../common/path-id.ts";
import type { ListQuery } from "../common/query.ts";
import { responseIds } from "./ids.ts";
import { inputOf, readHead, responseJson, responseKey } from "./layout.ts";

/** What a path names, of whoever asks. Throws `invalid_request` for what is no id. */
export function keyInPath(id: string, { owner }: Pick<CallContext, "owner">): RecordKey {
  return responseKey(owner, pathId(id, responseIds));
}

/** Rejects with `not_found`, and as the store does. */
export async function readResponse(key: RecordKey, records: RecordStore): Promise<WholeRecord> {
  const record = await records.read(key);
  if (record === undefined) throw notFound(key.id, responseIds);
  return record;
}

/** A stored response, as JSON. */
export function storedResponse(record: WholeRecord): string {
  return responseJson(readHead(record), record.list);
}

/** One page of a response's input. Rejects with `not_found`, with `invalid_request` for a cursor, and as the store does. */
export async function listInput(key: RecordKey, query: ListQuery, records: RecordStore): Promise<string> {
  const record = await readResponse(key, records);
  const input = inputOf(readHead(record), record.list);
  const items = (query.order === "asc" ? input : input.toReversed()).map(toListed);
  const start = query.after === undefined ? 0 : items.findIndex(({ id }) => id === query.after) + 1;
  if (query.after !== undefined && start === 0) throw unknownCursor();
  const end = start + query.limit;
  return encodeList({ items: items.slice(start, end), hasMore: end < items.length });
}

function toListed({ id = "", text }: StoredEntry): { id: string; json: string } {
  return { id, json: text };
}

/** Rejects with `not_found`, and as the store does. */
export async function deleteResponse(key: RecordKey, records: RecordStore): Promise<void> {
  if (!(await deleteRecord(records, key))) throw notFound(key.id, responseIds);
}
