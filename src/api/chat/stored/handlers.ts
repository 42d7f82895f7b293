import { callOf } from "../../../http/call.ts";
import type { RecordKey, RecordStore } from "../../../store/records.ts";
import { changeRecord, deleteRecord, findEntryOf } from "../../common/change-record.ts";
import { encodeList, jsonAnswer, unknownCursor } from "../../common/encode-list.ts";
import { notFound, pathId } from "../../common/path-id.ts";
import { encodeDeleted, encodeStored } from "./encode.ts";
import { completionIds, completionKey, labelsOf, type Metadata } from "./layout.ts";
import { decodeMetadataQuery, modelQuery, pageQuery } from "./query.ts";

/** A request about one stored completion. */
export interface OfOne {
  request: Request;
  params: { completion: string };
}

/** What is stored of the caller's own. All reject with `not_found`, with `invalid_request`, and as the store does. */
export function storedHandlers(store: RecordStore) {
  return {
    list: async ({ request }: { request: Request }): Promise<Response> => {
      const { limit, order, after } = pageQuery.decode(request);
      const filter = { ...modelQuery.decode(request), metadata: decodeMetadataQuery(request) };
      const page = await store.list({
        collection: "completion",
        owner: callOf(request).owner ?? "",
        labels: labelsOf(filter),
        order,
        limit,
        ...(after !== undefined && { after }),
      });
      if (page === undefined) throw unknownCursor();
      const items = page.items.map((record) => ({ id: record.key.id, json: encodeStored(record) }));
      return jsonAnswer(encodeList({ ...page, items }));
    },

    retrieve: async (asked: OfOne): Promise<Response> => {
      const key = keyOf(asked);
      const record = (await store.head(key)) ?? missing(key);
      return jsonAnswer(encodeStored(record));
    },

    update: async ({
      body,
      ...asked
    }: OfOne & { body: { metadata: Metadata | null } }): Promise<Response> => {
      const key = keyOf(asked);
      let labels: Metadata = {};
      const record = await changeRecord(store, key, ({ version, labels: { model } }) => {
        labels = labelsOf({ ...(model !== undefined && { model }), metadata: body.metadata ?? {} });
        return { kind: "put", key, expectedVersion: version, labels };
      });
      return jsonAnswer(encodeStored({ ...(record ?? missing(key)), labels }));
    },

    remove: async (asked: OfOne): Promise<Response> => {
      const key = keyOf(asked);
      if (!(await deleteRecord(store, key))) missing(key);
      return Response.json(encodeDeleted(key.id));
    },

    messages: async (asked: OfOne): Promise<Response> => {
      const key = keyOf(asked);
      const { limit, order, after } = pageQuery.decode(asked.request);
      const cursor = after === undefined ? undefined : await findEntryOf(store, key, after);
      const page = await store.entries(key, {
        order,
        limit,
        ...(cursor !== undefined && { after: cursor.position }),
      });
      if (page === undefined) return missing(key);
      if (after !== undefined && cursor === undefined) throw unknownCursor();
      const items = page.items.map(({ id = "", text }) => ({ id, json: text }));
      return jsonAnswer(encodeList({ ...page, items }));
    },
  };
}

function keyOf({ request, params }: OfOne): RecordKey {
  return completionKey(callOf(request).owner, pathId(params.completion, completionIds));
}

function missing({ id }: RecordKey): never {
  throw notFound(id, completionIds);
}
