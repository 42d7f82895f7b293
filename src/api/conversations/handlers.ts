import type { JsonRecord } from "../../core/json.ts";
import { callOf } from "../../http/call.ts";
import type { RecordKey, StoredRecord } from "../../store/records.ts";
import { changeRecord, deleteRecord, findEntryOf } from "../common/change-record.ts";
import { conversationIds, createConversationId } from "../common/conversation/conversation-id.ts";
import { conversationKey, writeHead } from "../common/conversation/layout.ts";
import type { SurfaceDeps } from "../common/deps.ts";
import { encodeList, jsonAnswer, unknownCursor } from "../common/encode-list.ts";
import { assertReadable } from "../common/items/assert-readable.ts";
import type { Item } from "../common/items/kinds.ts";
import { resolveReferences } from "../common/items/resolve-references.ts";
import { toItems } from "../common/items/to-item.ts";
import { type IdKind, notFound, pathId } from "../common/path-id.ts";
import { encodeConversation, encodeDeleted } from "./encode.ts";
import { itemQuery } from "./query.ts";
import type { AddItemsRequest, CreateConversationRequest } from "./schema.ts";

export type ConversationSurfaceDeps = Pick<SurfaceDeps, "records" | "conversations" | "bodyLimits">;

/** A request about one conversation. */
interface OfOne {
  request: Request;
  params: { id: string };
}

/** A request about one item of one. */
interface OfItem {
  request: Request;
  params: { id: string; item: string };
}

const itemIds: IdKind = { what: "Item", param: "item_id", form: /^[\w.:-]{1,128}$/ };

/** What is the caller's own. All reject with `not_found`, with `invalid_request`, and as the store does. */
export function conversationHandlers({ records, conversations, bodyLimits }: ConversationSurfaceDeps) {
  /** Items as they are kept. */
  const toKept = async (given: readonly JsonRecord[], request: Request): Promise<Item[]> => {
    assertReadable(given, "items");
    const { owner } = callOf(request);
    const maxCharacters = bodyLimits.maxBodyBytes;
    return toItems(await resolveReferences(given, { owner, records, param: "items", maxCharacters }));
  };
  const headOf = async (key: RecordKey): Promise<StoredRecord> => (await records.head(key)) ?? missing(key);

  return {
    create: async ({ request, body }: { request: Request; body: CreateConversationRequest }) => {
      const added = await toKept(body.items ?? [], request);
      const key = conversationKey(callOf(request).owner, createConversationId());
      await conversations.begin(key, { metadata: body.metadata ?? {} }, { added, param: "items" });
      return Response.json(encodeConversation(await headOf(key)));
    },

    retrieve: async (asked: OfOne) => Response.json(encodeConversation(await headOf(keyOf(asked)))),

    update: async ({
      body,
      ...asked
    }: OfOne & { body: { metadata: Readonly<Record<string, string>> | null } }) => {
      const key = keyOf(asked);
      const text = writeHead({ metadata: body.metadata ?? {} });
      const record = await changeRecord(records, key, ({ version }) => ({
        kind: "put",
        key,
        expectedVersion: version,
        text,
      }));
      return Response.json(encodeConversation({ ...(record ?? missing(key)), text }));
    },

    remove: async (asked: OfOne) => {
      const key = keyOf(asked);
      if (!(await deleteRecord(records, key))) missing(key);
      return Response.json(encodeDeleted(key.id));
    },

    addItems: async ({ body, ...asked }: OfOne & { body: AddItemsRequest }) => {
      const key = keyOf(asked);
      await headOf(key);
      const given = await toKept(body.items, asked.request);
      const { added } = await conversations.append(key, { added: given, param: "items" });
      const items = added.map((item) => ({ id: item.id, json: JSON.stringify(item) }));
      return jsonAnswer(encodeList({ items, hasMore: false }));
    },

    listItems: async (asked: OfOne) => {
      const key = keyOf(asked);
      const { after, ...query } = itemQuery.decode(asked.request);
      const cursor = after === undefined ? undefined : await findEntryOf(records, key, after);
      const page = await records.entries(key, {
        ...query,
        ...(cursor !== undefined && { after: cursor.position }),
      });
      if (page === undefined) return missing(key);
      if (after !== undefined && cursor === undefined) throw unknownCursor();
      const items = page.items.map(({ id = "", text }) => ({ id, json: text }));
      return jsonAnswer(encodeList({ ...page, items }));
    },

    retrieveItem: async (asked: OfItem) => {
      const key = keyOf(asked);
      const id = pathId(asked.params.item, itemIds);
      await headOf(key);
      const entry = await findEntryOf(records, key, id);
      if (entry === undefined) throw notFound(id, itemIds);
      return jsonAnswer(entry.text);
    },

    removeItem: async (asked: OfItem) => {
      const key = keyOf(asked);
      const id = pathId(asked.params.item, itemIds);
      const record = await changeRecord(records, key, async ({ version }) => {
        const entry = await findEntryOf(records, key, id);
        if (entry === undefined) throw notFound(id, itemIds);
        return { kind: "remove-entry", key, expectedVersion: version, position: entry.position };
      });
      return Response.json(encodeConversation(record ?? missing(key)));
    },
  };
}

function keyOf({ request, params }: { request: Request; params: { id: string } }): RecordKey {
  return conversationKey(callOf(request).owner, pathId(params.id, conversationIds));
}

function missing({ id }: RecordKey): never {
  throw notFound(id, conversationIds);
}
